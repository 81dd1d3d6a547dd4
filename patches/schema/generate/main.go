// SPDX-License-Identifier: Apache-2.0

// Command schema makes patches/schema/schema_table.c out of the Go types of Kubernetes and Istio.
//
//	schema dump [RELEASE]          types of the modules in force, as JSON
//	schema write TODAY OLD...      the C table from such dumps; OLD is RELEASE=FILE
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "dump" {
		return json.NewEncoder(os.Stdout).Encode(dumpTypes(strings.Join(args[1:], "")))
	}
	if len(args) < 2 || args[0] != "write" {
		return fmt.Errorf("usage: schema dump [RELEASE] | schema write TODAY RELEASE=FILE...")
	}
	today, err := load(args[1])
	if err != nil {
		return err
	}
	table := newTable(today)
	for _, arg := range args[2:] {
		release, file, _ := strings.Cut(arg, "=")
		old, err := load(file)
		if err != nil {
			return err
		}
		table.addOld(release, old)
	}
	out := bufio.NewWriter(os.Stdout)
	table.write(out)
	return out.Flush()
}

func load(file string) (d dump, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(data, &d)
}
