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

// A call that failed, or refused, is in the count of rejections, or, where
// failures are ignored, of pods let through. Requests tell the code, too.
func (a *Admissions) count(line string) {
	rest, is := strings.CutPrefix(line, "apiserver_admission_webhook_")
	if !is {
		return
	}
	value, err := strconv.ParseFloat(line[strings.LastIndex(line, " ")+1:], 64)
	if err != nil || value == 0 {
		return
	}
	switch {
	case strings.HasPrefix(rest, "request_total{"):
		a.Total += int(value)
		if strings.Contains(rest, `rejected="false"`) {
			return
		}
	case strings.HasPrefix(rest, "rejection_count{"), strings.HasPrefix(rest, "fail_open_count{"):
		a.Failed += int(value)
	default:
		return
	}
	a.Complaint += line + "\n"
}
