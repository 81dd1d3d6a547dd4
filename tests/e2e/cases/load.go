// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"time"

	"outrigger/tests/e2e/lab"
)

const (
	loadPods     = 1000 // at least
	loadReplicas = 4
	loadPeriod   = 600 * time.Millisecond
)

// load makes Deployments, one after the other, until it is told to finish
// and has made enough.
type load struct {
	cluster   *lab.Cluster
	namespace string
	enough    chan struct{}
	done      chan error
	wanted    int
}

func startLoad(c *lab.Cluster, namespace string) *load {
	l := &load{cluster: c, namespace: namespace, enough: make(chan struct{}), done: make(chan error, 1)}
	go func() { l.done <- l.run() }()
	return l
}

func (l *load) run() error {
	told := false
	for ; !told || l.wanted < loadPods; l.wanted += loadReplicas {
		if err := l.deploy(l.wanted / loadReplicas); err != nil {
			return err
		}
		select {
		case <-l.enough:
			told = true
		case <-time.After(loadPeriod):
		}
	}
	return nil
}

func (l *load) deploy(number int) error {
	body := fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"load-%[1]d"},"spec":{`+
		`"replicas":%[2]d,"selector":{"matchLabels":{"app":"load","number":"%[1]d"}},`+
		`"template":{"metadata":{"labels":{"app":"load","number":"%[1]d"}},`+
		`"spec":{"containers":[{"name":"app","image":"registry.example/app:1"}]}}}}`, number, loadReplicas)
	status, text, err := l.cluster.API.Do("POST", "/apis/apps/v1/namespaces/"+l.namespace+"/deployments", []byte(body))
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("create a Deployment: %d: %s", status, text)
	}
	return err
}

// finish returns how many pods were asked for.
func (l *load) finish() (int, error) {
	close(l.enough)
	err := <-l.done
	return l.wanted, err
}
