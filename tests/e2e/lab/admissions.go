// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Admissions are the API server's own figures of all calls to webhooks.
type Admissions struct {
	Total, Failed int
	Complaint     string // the metrics that count failures
}

// Admissions reads them.
func (c *Cluster) Admissions() (Admissions, error) {
	var a Admissions
	status, text, err := c.API.Do("GET", "/metrics", nil)
	if err != nil || status != http.StatusOK {
		return a, fmt.Errorf("read the API server's metrics: %d: %w", status, err)
	}
	for line := range strings.Lines(string(text)) {
		a.count(strings.TrimSpace(line))
	}
	return a, nil
}

// A call that failed is in the count of requests with a code that is not
// 200, or rejected; and in one of rejections or, where failures are ignored,
// of pods let through.
func (a *Admissions) count(line string) {
	const prefix = "apiserver_admission_webhook_"
	rest, is := strings.CutPrefix(line, prefix)
	if !is {
		return
	}
	value, err := strconv.ParseFloat(line[strings.LastIndex(line, " ")+1:], 64)
	if err != nil || value == 0 {
		return
	}
	failed := strings.HasPrefix(rest, "rejection_count{") || strings.HasPrefix(rest, "fail_open_count{")
	if strings.HasPrefix(rest, "request_total{") {
		a.Total += int(value)
		failed = !strings.Contains(rest, `code="200"`) || strings.Contains(rest, `rejected="true"`)
	}
	if failed {
		a.Failed += int(value)
		a.Complaint += line + "\n"
	}
}
