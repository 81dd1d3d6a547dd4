// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// Types whose JSON is not what their Go kind says; the protobuf ones stand in the packages of both generations.
var specials = map[string]string{
	"k8s.io/apimachinery/pkg/api/resource.Quantity":   "QUANTITY",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString": "INT_OR_STRING",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":       "TIME",
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":  "TIME",
	"time.Time": "TIME",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":     "META_DURATION",
	"k8s.io/apimachinery/pkg/runtime.RawExtension":      "RAW_EXTENSION",
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":     "FIELDS_V1",
	"google.golang.org/protobuf/types/known/.Duration":  "PB_DURATION",
	"google.golang.org/protobuf/types/known/.Timestamp": "PB_TIMESTAMP",
	"google.golang.org/protobuf/types/known/.Struct":    "PB_STRUCT",
	"google.golang.org/protobuf/types/known/.Value":     "PB_VALUE",
	"google.golang.org/protobuf/types/known/.ListValue": "PB_LIST_VALUE",
	"google.golang.org/protobuf/types/known/.Any":       "PB_ANY",
}

var wellKnown = regexp.MustCompile(`^(google\.golang\.org/protobuf/types/known/\w+|github\.com/gogo/protobuf/types)$`)

type walker struct {
	dump   dump
	suffix string // of the identifiers of types that differ by release: "_1_5"
}

// released says whether a package's types are kept by release, and are protobuf messages rather than Kubernetes types.
func released(pkg string) bool {
	return strings.HasPrefix(pkg, "istio.io/") || strings.Contains(pkg, "protobuf")
}

func special(t reflect.Type) string {
	pkg := t.PkgPath()
	if wellKnown.MatchString(pkg) {
		pkg = "google.golang.org/protobuf/types/known/"
		if t.Kind() == reflect.Struct && strings.HasSuffix(t.Name(), "Value") && t.NumField() > 0 && hasField(t, "Value") {
			return "PB_WRAPPER"
		}
	}
	if s := specials[pkg+"."+t.Name()]; s != "" {
		return s
	}
	if !released(pkg) {
		return "PLAIN"
	}
	switch t.Kind() {
	case reflect.Struct:
		if _, ok := reflect.PointerTo(t).MethodByName("ProtoMessage"); ok {
			return "PB_MESSAGE"
		}
	case reflect.Int32:
		if _, ok := t.MethodByName("String"); ok {
			return "PB_ENUM"
		}
	case reflect.Interface:
		return "PB_ONEOF"
	}
	return "PLAIN"
}

func hasField(t reflect.Type, name string) bool {
	f, ok := t.FieldByName(name)
	return ok && f.Type.Kind() != reflect.Interface
}

var version = regexp.MustCompile(`^v[0-9]+((alpha|beta)[0-9]+)?$`)

// ident names a type for C: "core_v1_PodSpec", "ptr_core_v1_Probe", "map_string_string".
func (w *walker) ident(t reflect.Type) string {
	if pkg := t.PkgPath(); pkg != "" {
		base := path.Base(pkg)
		if version.MatchString(base) {
			base = path.Base(path.Dir(pkg)) + "_" + base
		}
		if strings.HasPrefix(pkg, "github.com/openshift/") {
			base = "openshift_" + base
		}
		name := base + "_" + t.Name()
		if released(pkg) || base == "inject" {
			name += w.suffix
		}
		return strings.ReplaceAll(name, "-", "_")
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "ptr_" + w.ident(t.Elem())
	case reflect.Slice:
		return "list_" + w.ident(t.Elem())
	case reflect.Map:
		return "map_" + w.ident(t.Key()) + "_" + w.ident(t.Elem())
	case reflect.Interface:
		return "any"
	}
	return t.Kind().String()
}

// add records a type and all that it reaches; it returns the identifier.
func (w *walker) add(t reflect.Type) string {
	id := w.ident(t)
	if w.dump.Types[id] != nil {
		return id
	}
	out := &goType{Name: t.String(), Kind: t.Kind().String(), Special: special(t)}
	w.dump.Types[id] = out
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		out.Elem = w.add(t.Elem())
	case reflect.Map:
		out.Elem, out.Key = w.add(t.Elem()), w.add(t.Key())
	case reflect.Struct:
		out.Bare = t.Name()
		w.fields(t, out)
	}
	if out.Special == "PB_ENUM" {
		out.Enums = enumNames(t)
	}
	if t.Name() != "" && t.Kind() != reflect.Interface {
		w.methods(t, out)
	}
	return id
}

func (w *walker) fields(t reflect.Type, out *goType) {
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		if !f.IsExported() || strings.HasPrefix(f.Name, "XXX_") {
			continue
		}
		if f.Tag.Get("protobuf_oneof") != "" {
			w.oneof(t, f, out)
			continue
		}
		out.Fields = append(out.Fields, w.field(f, out.Special))
	}
}

// field is one row, by the struct's tags; a message's names are those of its descriptor, which stand in the tag `protobuf`.
func (w *walker) field(f reflect.StructField, owner string) goField {
	row := goField{Go: f.Name, JSON: f.Name, Type: w.add(f.Type), MergeKey: f.Tag.Get("patchMergeKey")}
	parts := strings.Split(f.Tag.Get("json"), ",")
	if parts[0] != "" {
		row.JSON = parts[0]
	}
	if f.Anonymous {
		row.Flags = append(row.Flags, "EMBEDDED")
		if parts[0] == "" && f.Type.Kind() == reflect.Struct {
			row.JSON, row.Flags = "", append(row.Flags, "INLINE")
		}
	}
	for _, option := range parts[1:] {
		if option == "omitempty" || option == "omitzero" {
			row.Flags = append(row.Flags, strings.ToUpper(option))
		}
	}
	strategy := f.Tag.Get("patchStrategy")
	for _, s := range []struct{ word, flag string }{{"merge", "MERGE"}, {"replace", "REPLACE"}, {"retainKeys", "RETAIN_KEYS"}} {
		for _, have := range strings.Split(strategy, ",") {
			if have == s.word {
				row.Flags = append(row.Flags, s.flag)
			}
		}
	}
	if strings.HasPrefix(owner, "PB_") || strings.Contains(f.Tag.Get("protobuf"), ",oneof") {
		protoNames(f, &row)
	}
	return row
}

// protoNames reads a tag such as "bytes,1,opt,name=config_path,json=configPath,proto3".
func protoNames(f reflect.StructField, row *goField) {
	tagged := row.JSON
	for _, part := range strings.Split(f.Tag.Get("protobuf"), ",") {
		switch {
		case strings.HasPrefix(part, "name="):
			row.Proto = part[len("name="):]
			row.JSON = row.Proto
		case strings.HasPrefix(part, "json="):
			row.JSON = part[len("json="):]
		}
	}
	switch tagged {
	case row.Proto, f.Name: // f.Name: the members of a oneof have no tag `json`
	case row.JSON:
		row.Flags = append(row.Flags, "CAMEL")
	default:
		panic(fmt.Sprintf("%s: encoding/json calls it %s, its descriptor %s", f.Name, tagged, row.Proto))
	}
}

// oneof adds the interface field and, flagged ONEOF, each member; the interface type lists the members' wrapper structs.
func (w *walker) oneof(t reflect.Type, f reflect.StructField, out *goType) {
	id := w.add(f.Type)
	out.Fields = append(out.Fields, goField{Go: f.Name, JSON: f.Name, Type: id})
	choices := w.dump.Types[id]
	for _, wrapper := range oneofWrappers(t) {
		if !wrapper.Implements(f.Type) {
			continue
		}
		member := w.field(wrapper.Elem().Field(0), "PB_MESSAGE")
		member.Oneof = f.Name
		member.Flags = append(member.Flags, "ONEOF")
		out.Fields = append(out.Fields, member)
		choices.Fields = append(choices.Fields, goField{Go: member.Go, JSON: member.JSON, Proto: member.Proto, Type: w.add(wrapper)})
	}
}

func (w *walker) methods(t reflect.Type, out *goType) {
	pointer := reflect.PointerTo(t)
	for i := 0; i < pointer.NumMethod(); i++ {
		m := pointer.Method(i)
		_, onValue := t.MethodByName(m.Name)
		row := goMethod{Name: m.Name, Kind: "OTHER", OnPointer: !onValue}
		if m.Type.NumIn() == 1 && m.Type.NumOut() == 1 {
			w.simple(m, out, &row)
		}
		out.Methods = append(out.Methods, row)
	}
}

// simple marks String and the getters; it leaves what takes or returns more to the rest.
func (w *walker) simple(m reflect.Method, out *goType, row *goMethod) {
	result := m.Type.Out(0)
	if m.Name == "String" && result.Kind() == reflect.String {
		row.Kind, row.Result = "STRING", "string"
		return
	}
	for _, f := range out.Fields {
		if m.Name == "Get"+f.Go && w.ident(result) == f.Type {
			row.Kind, row.Field, row.Result = "GETTER", f.Go, f.Type
		}
	}
}

// enumNames asks String() of small numbers (Istio uses 1000 for INHERIT): it answers with the number where there is no name.
func enumNames(t reflect.Type) (names []goEnum) {
	for n := int32(0); n <= 1000; n++ {
		v := reflect.New(t).Elem()
		v.SetInt(int64(n))
		if s := fmt.Sprint(v.Interface()); s != strconv.Itoa(int(n)) {
			names = append(names, goEnum{s, n})
		}
	}
	return names
}
