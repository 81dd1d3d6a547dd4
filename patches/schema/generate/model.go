// SPDX-License-Identifier: Apache-2.0

package main

// A dump is what reflection finds in one set of module versions: every type that the roots reach, by identifier.
type dump struct {
	Roots map[string]string // C name of a root to the identifier of its type
	Types map[string]*goType
}

type goType struct {
	Name    string // as %T prints it
	Bare    string
	Kind    string // reflect.Kind
	Special string // enum go_special without GO_
	Elem    string // identifiers
	Key     string
	Fields  []goField
	Methods []goMethod
	Enums   []goEnum
}

type goField struct {
	Go, JSON, Proto string
	Type            string
	MergeKey, Oneof string
	Flags           []string // enum go_field_flag without F_
}

type goMethod struct {
	Name      string
	Result    string
	Field     string // Go name of the field that a getter answers with
	Kind      string // GETTER, STRING, OTHER
	OnPointer bool
}

type goEnum struct {
	Name   string
	Number int32
}
