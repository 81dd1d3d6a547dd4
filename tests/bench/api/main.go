// SPDX-License-Identifier: Apache-2.0

// How many pods a second four clients create through a real API server, with
// the webhook and without. api.sh builds and starts this with the environment
// that it reads.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"outrigger/tests/e2e/lab"
)

const (
	clients = 4
	round   = 10 * time.Second
	rounds  = 3
)

// The readiness probe is there to be rewritten, as most pods have one.
const hello = `{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"hello-","labels":{"app":"hello","version":"v1"}},` +
	`"spec":{"containers":[{"name":"hello","image":"registry.example/hello:1","ports":[{"name":"http","containerPort":8080}],` +
	`"readinessProbe":{"httpGet":{"path":"/ready","port":"http"}},"resources":{"requests":{"cpu":"100m"}}}]}}`

// The main thread starts every child and must outlive them (lab.Start).
func init() { runtime.LockOSThread() }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench-api:", err)
		os.Exit(1)
	}
}

func run() error {
	cluster, err := lab.NewCluster()
	if err != nil {
		return err
	}
	defer cluster.Stop()
	for _, args := range [][]string{
		{"create", "namespace", "without"},
		{"create", "namespace", "with"},
		{"label", "namespace", "with", "istio-injection=enabled"},
	} {
		if _, err := cluster.Kubectl("", args...); err != nil {
			return err
		}
	}
	webhook, err := lab.NewWebhook(cluster, os.Getenv("OUTRIGGER"))
	if err != nil {
		return err
	}
	flags, name := configuration()
	if err := webhook.Run(flags...); err != nil {
		return err
	}
	if err := ready(cluster, webhook); err != nil {
		return fmt.Errorf("%w\n%s", err, cluster.Tails(20))
	}
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("pods created by %d clients, %d rounds of %v, %d CPUs, load before %.4s, configuration: %s\n",
		clients, rounds, round, runtime.NumCPU(), load, name)
	return compare(cluster, webhook)
}

func configuration() (flags []string, name string) {
	dir := os.Getenv("E2E_SETTINGS")
	if _, err := os.Stat(filepath.Join(dir, "config.yaml")); err != nil {
		return nil, "embedded default"
	}
	return []string{
		"--inject-config", filepath.Join(dir, "config.yaml"),
		"--values", filepath.Join(dir, "values.json"),
		"--mesh-config", filepath.Join(dir, "mesh.yaml")}, filepath.Base(dir)
}

func ready(cluster *lab.Cluster, webhook *lab.Webhook) error {
	for _, namespace := range []string{"without", "with"} {
		if err := lab.Poll(30*time.Second, "the default service account of "+namespace, func() (bool, error) {
			return cluster.HasServiceAccount(namespace), nil
		}); err != nil {
			return err
		}
	}
	return webhook.WaitInForce("with")
}

// The two take turns, so that what else the machine does meets both.
func compare(cluster *lab.Cluster, webhook *lab.Webhook) error {
	var without, with samples
	if _, err := create(cluster, "without", 2*time.Second); err != nil {
		return err
	}
	var cpu time.Duration
	for range rounds {
		if err := without.add(create(cluster, "without", round)); err != nil {
			return err
		}
		before := webhook.CPU()
		if err := with.add(create(cluster, "with", round)); err != nil {
			return err
		}
		cpu += webhook.CPU() - before
	}
	without.print("without the webhook")
	with.print("with the webhook")
	fmt.Printf("the webhook's CPU time: %.0f µs a pod; resident memory: %.1f MiB\n",
		float64(cpu.Microseconds())/float64(len(with.latency)), webhook.RSS())
	return nil
}

// samples are the rates of the rounds and the latencies of all pods.
type samples struct {
	rates   []float64
	latency []time.Duration
}

func (s *samples) add(latency []time.Duration, err error) error {
	s.rates = append(s.rates, float64(len(latency))/round.Seconds())
	s.latency = append(s.latency, latency...)
	return err
}

func (s *samples) print(what string) {
	slices.Sort(s.rates)
	slices.Sort(s.latency)
	n := len(s.latency)
	fmt.Printf("%-20s %6.0f pods/s (rounds %.0f to %.0f), p50 %.1f ms, p99 %.1f ms\n", what,
		s.rates[len(s.rates)/2], s.rates[0], s.rates[len(s.rates)-1],
		milliseconds(s.latency[n/2]), milliseconds(s.latency[n*99/100]))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// create has the clients create pods until the time is up and returns how
// long each took.
func create(cluster *lab.Cluster, namespace string, limit time.Duration) ([]time.Duration, error) {
	var (
		group   sync.WaitGroup
		mutex   sync.Mutex
		all     []time.Duration
		failure error
	)
	deadline := time.Now().Add(limit)
	for range clients {
		group.Go(func() {
			mine, err := createUntil(cluster, namespace, deadline)
			mutex.Lock()
			defer mutex.Unlock()
			all = append(all, mine...)
			if err != nil {
				failure = err
			}
		})
	}
	group.Wait()
	return all, failure
}

func createUntil(cluster *lab.Cluster, namespace string, deadline time.Time) ([]time.Duration, error) {
	client, err := cluster.NewClient()
	if err != nil {
		return nil, err
	}
	var latency []time.Duration
	for time.Now().Before(deadline) {
		started := time.Now()
		status, answer, err := client.Do("POST", "/api/v1/namespaces/"+namespace+"/pods", []byte(hello))
		if err != nil {
			return latency, err
		}
		if status != 201 {
			return latency, fmt.Errorf("create a pod: %d: %s", status, answer)
		}
		latency = append(latency, time.Since(started))
	}
	return latency, nil
}
