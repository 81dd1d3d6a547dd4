// SPDX-License-Identifier: Apache-2.0

//go:build old

package main

import "reflect"

func rootsOfToday() map[string]reflect.Type { return nil }

// oneofWrappers lists the types that may stand in the oneof fields of a message, in order of declaration.
func oneofWrappers(t reflect.Type) (wrappers []reflect.Type) {
	m := reflect.New(t).MethodByName("XXX_OneofWrappers")
	for _, w := range m.Call(nil)[0].Interface().([]interface{}) {
		wrappers = append(wrappers, reflect.TypeOf(w))
	}
	return wrappers
}
