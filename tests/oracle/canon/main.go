// SPDX-License-Identifier: Apache-2.0

// Command canon prints random pods, good and bad, and what encoding/json makes of each when it reads it into v1.Pod and writes it again:
// document, canonical document or "!" and the error; separated by tabs. canon_driver.c reads that.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

type maker struct {
	*rand.Rand
	wrong int // one in so many values is of a wrong kind
}

func pick[T any](m *maker, from ...T) T { return from[m.Intn(len(from))] }

// anything is a value that fits no type in particular.
func (m *maker) anything() any {
	return pick[any](m, nil, true, 0, 7, 2.5, "x", "", "80", []any{}, []any{1, "a"}, map[string]any{}, map[string]any{"a": 1}, 1e30)
}

func (m *maker) special(name string) (any, bool) {
	switch name {
	case "resource.Quantity":
		return pick[any](m, "1", "0.5", "100m", "1024Mi", "1Gi", 2, 1.5, json.Number("1e3"), "1500M", "0", "", "x", "1.500", "2000m", "1e3", " 4 "), true
	case "intstr.IntOrString":
		return pick[any](m, 80, 0, "http", "80", "", 99999999999, 1.5), true
	case "v1.Time":
		return pick[any](m, "2024-02-29T12:00:00Z", "2024-05-01T12:00:00.5+02:00", "0001-01-01T00:00:00Z", "2023-02-29T00:00:00Z", "yesterday"), true
	case "v1.FieldsV1":
		return map[string]any{"f:metadata": map[string]any{}}, true
	}
	return nil, false
}

func (m *maker) number(bits int) any {
	big := int64(1) << (bits - 2)
	return pick[any](m, 0, 1, 80, 15001, -1, big, json.Number("-0"), json.Number("1.0"), json.Number("1e3"), json.Number(strconv.FormatInt(big, 10)+"0"))
}

func (m *maker) value(t reflect.Type, depth int) any {
	if m.Intn(m.wrong) == 0 {
		return m.anything()
	}
	if m.Intn(40) == 0 {
		return nil
	}
	if v, ok := m.special(t.String()); ok {
		return v
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.value(t.Elem(), depth)
	case reflect.String:
		return pick(m, "", "a", "istio-proxy", "<b>&\u2028é")
	case reflect.Bool:
		return m.Intn(2) == 0
	case reflect.Int32:
		if m.Intn(8) != 0 {
			return m.Intn(100)
		}
		return m.number(32)
	case reflect.Int64:
		return m.number(64)
	case reflect.Slice:
		list := []any{}
		for n := m.Intn(3); n > 0; n-- {
			list = append(list, m.value(t.Elem(), depth+1))
		}
		return list
	case reflect.Map:
		entries := map[string]any{}
		for n := m.Intn(3); n > 0; n-- {
			entries[pick(m, "cpu", "memory", "a", "b~/c")] = m.value(t.Elem(), depth+1)
		}
		return entries
	case reflect.Struct:
		fields := map[string]any{}
		m.fields(t, fields, depth)
		return fields
	}
	panic(t)
}

func (m *maker) fields(t reflect.Type, into map[string]any, depth int) {
	rarity := 2 + t.NumField()/4 + depth/2
	if m.Intn(30) == 0 {
		into[pick(m, "unknown", "Unknown2", "")] = m.anything()
	}
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			m.fields(f.Type, into, depth)
			continue
		}
		if m.Intn(rarity) != 0 && name != "spec" && name != "containers" {
			continue
		}
		if m.Intn(25) == 0 {
			name = pick(m, strings.ToLower(name), strings.ToUpper(name), strings.Replace(name, "s", "\u017f", 1))
		}
		into[name] = m.value(f.Type, depth+1)
	}
}

// roundTrip returns the canonical document, or "!" and the error.
func roundTrip(document []byte) string {
	var pod corev1.Pod
	if err := json.Unmarshal(document, &pod); err != nil {
		return "!" + err.Error()
	}
	out, err := json.Marshal(pod)
	if err != nil {
		return "!" + err.Error()
	}
	return string(out)
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	seed, _ := strconv.ParseInt(os.Args[2], 10, 64)
	m := &maker{Rand: rand.New(rand.NewSource(seed))}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for ; count > 0; count-- {
		m.wrong = pick(m, 50, 1000, 100000)
		document, err := json.Marshal(m.value(reflect.TypeOf(corev1.Pod{}), 0))
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(out, "%s\t%s\n", document, roundTrip(document))
	}
}
