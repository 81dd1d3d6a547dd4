// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"outrigger/tests/e2e/lab"
)

// atOnce is less than the time between two looks that nobody asks for, so
// that what happens within it was watched.
const atOnce = 5 * time.Second

const (
	registrationPath = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" + registrationName
	ownSecretPath    = "/api/v1/namespaces/" + system + "/secrets/outrigger-certs"
)

// mends undoes what somebody else does to what the replica keeps.
func (f *follower) mends() (string, error) {
	bundle, err := f.undone("the caBundle to be written again", registrationPath, hasBundle,
		"patch", "mutatingwebhookconfiguration", registrationName, "--type=json",
		`-p=[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]`)
	if err != nil {
		return "", err
	}
	secret, err := f.undone("the Secret to be made anew", ownSecretPath, func([]byte) bool { return true },
		"delete", "secret", "outrigger-certs", "-n", system)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(f.program.Log)
	if strings.Contains(string(text), "cannot be watched") {
		err = fmt.Errorf("the chart's rights do not let it watch")
	}
	return fmt.Sprintf("a caBundle that was emptied is written after %.2f s, a Secret that was deleted after %.2f s", bundle.Seconds(),
		secret.Seconds()), err
}

func hasBundle(text []byte) bool {
	var object struct {
		Webhooks []struct{ ClientConfig struct{ CABundle string } }
	}
	err := json.Unmarshal(text, &object)
	return err == nil && len(object.Webhooks) > 0 && object.Webhooks[0].ClientConfig.CABundle != ""
}

// undone does the harm, and says how long afterwards the object is there and
// as it should be, in another version than before the harm.
func (f *follower) undone(what, path string, good func(text []byte) bool, harm ...string) (time.Duration, error) {
	_, before, err := f.cluster.API.Do("GET", path, nil)
	if err != nil {
		return 0, err
	}
	if err := f.kubectl("", harm...); err != nil {
		return 0, err
	}
	started := time.Now()
	err = lab.Poll(atOnce, what, func() (bool, error) {
		status, now, err := f.cluster.API.Do("GET", path, nil)
		return status == http.StatusOK && string(now) != string(before) && good(now), err
	})
	return time.Since(started), err
}
