// SPDX-License-Identifier: Apache-2.0

package main

import "math/rand"

// A writer of pods and of overlays, some of which nobody in their right mind would write.
type generator struct {
	*rand.Rand
	odd bool // this overlay may hold mistakes
}

func (g *generator) one(of ...any) any { return of[g.Intn(len(of))] }

func (g *generator) chance(n int) bool { return g.Intn(n) == 0 }

func (g *generator) name() any {
	return g.one("app", "istio-proxy", "istio-init", "a", "b", "c", "d", "data", "token")
}

// maybe sets a member with a chance of one in two.
func (g *generator) maybe(o object, key string, v any) {
	if g.chance(2) {
		o[key] = v
	}
}

func (g *generator) list(n int, item func() any) []any {
	l := []any{}
	for range g.Intn(n + 1) {
		l = append(l, item())
	}
	return l
}

func (g *generator) env() any {
	e := object{"name": g.one("A", "B", "C", "D", "E")}
	if g.chance(3) {
		e["valueFrom"] = object{"fieldRef": object{"fieldPath": g.one("x", "y")}}
	} else {
		e["value"] = g.one("1", "2", "")
	}
	return e
}

func (g *generator) port() any {
	p := object{"containerPort": g.one(80.0, 8080.0, 443.0)}
	g.maybe(p, "protocol", g.one("TCP", "UDP"))
	g.maybe(p, "name", g.one("http", "x"))
	return p
}

func (g *generator) volume() any {
	v := object{"name": g.name()}
	switch g.Intn(4) {
	case 0:
		v["emptyDir"] = object{"medium": "Memory"}
	case 1:
		v["secret"] = object{"secretName": g.name(), "items": g.list(2, func() any { return object{"key": g.name(), "path": "p"} })}
	case 2:
		v["projected"] = object{"sources": g.list(2, func() any { return object{"serviceAccountToken": object{"path": g.name()}} })}
	case 3:
		v["configMap"] = object{"name": g.name(), "defaultMode": 420.0}
	}
	return v
}

func (g *generator) container() any {
	c := object{"name": g.name()}
	g.maybe(c, "image", g.one("i1", "i2", "auto"))
	g.maybe(c, "args", g.list(3, func() any { return g.one("x", "y", "z") }))
	g.maybe(c, "env", g.list(4, g.env))
	g.maybe(c, "ports", g.list(3, g.port))
	g.maybe(c, "volumeMounts", g.list(3, func() any { return object{"name": g.name(), "mountPath": g.one("/a", "/b", "/c")} }))
	g.maybe(c, "resources", object{"limits": object{"cpu": g.one("1", "2")}, "requests": object{}})
	g.maybe(c, "securityContext", object{"runAsUser": g.one(1.0, 1337.0), "capabilities": object{"drop": []any{"ALL"}, "add": g.list(2, g.name)}})
	if g.chance(4) {
		c["livenessProbe"] = object{"httpGet": object{"port": g.one(80.0, "http")}}
	}
	if g.chance(8) {
		c["newField"] = object{"x": g.list(2, g.name)}
	}
	return c
}

func (g *generator) spec() object {
	s := object{"containers": g.list(4, g.container)}
	g.maybe(s, "initContainers", g.list(3, g.container))
	g.maybe(s, "volumes", g.list(4, g.volume))
	g.maybe(s, "imagePullSecrets", g.list(2, func() any { return object{"name": g.name()} }))
	g.maybe(s, "securityContext", object{"fsGroup": 1337.0, "supplementalGroups": g.list(3, func() any { return g.one(1.0, 2.0, 3.0) })})
	g.maybe(s, "dnsConfig", object{"searches": g.list(3, g.name), "options": g.list(2, func() any { return object{"name": g.name()} })})
	g.maybe(s, "tolerations", g.list(2, func() any { return object{"key": g.name(), "operator": "Exists"} }))
	g.maybe(s, "nodeSelector", object{"a": g.name()})
	g.maybe(s, "hostAliases", g.list(2, func() any { return object{"ip": g.one("1.1.1.1", "2.2.2.2"), "hostnames": g.list(2, g.name)} }))
	g.maybe(s, "topologySpreadConstraints", g.list(2, func() any { return object{"topologyKey": g.one("z", "h"), "maxSkew": 1.0} }))
	g.maybe(s, "restartPolicy", g.one("Always", "Never", nil))
	return s
}

func (g *generator) metadata() object {
	m := object{"labels": object{"app": g.name()}}
	g.maybe(m, "name", g.name())
	g.maybe(m, "annotations", object{"a": g.name(), "b": "c"})
	g.maybe(m, "finalizers", distinct(g.list(3, g.name)))
	g.maybe(m, "ownerReferences", g.list(2, func() any { return object{"uid": g.name(), "name": g.name()} }))
	return m
}

// distinct: where the original names a scalar twice, Go's result depends on the capacity of its slices.
func distinct(l []any) []any {
	seen, out := map[any]bool{}, []any{}
	for _, v := range l {
		if !seen[v] {
			out = append(out, v)
		}
		seen[v] = true
	}
	return out
}

func (g *generator) pod() object {
	if g.chance(50) {
		return object{}
	}
	return object{"apiVersion": "v1", "kind": "Pod", "metadata": g.metadata(), "spec": g.spec()}
}

// mergeKeys of lists, as far as a $setElementOrder may be made for them.
var mergeKeys = map[string]string{"containers": "name", "initContainers": "name", "volumes": "name", "env": "name", "ports": "containerPort",
	"volumeMounts": "mountPath", "imagePullSecrets": "name", "ownerReferences": "uid", "hostAliases": "ip", "topologySpreadConstraints": "topologyKey"}

// spoil puts directives and mistakes somewhere into the overlay.
func (g *generator) spoil(v any, depth int) any {
	switch v := v.(type) {
	case object:
		for k, member := range v {
			v[k] = g.spoil(member, depth+1)
			if g.chance(25) {
				v[k] = nil
			}
			if l, ok := v[k].([]any); ok {
				g.order(v, k, l)
			}
			if g.odd && g.chance(60) {
				v[k] = g.one("text", 5.0, true, object{}, []any{}, object{"a": object{}}, []any{"x"}, []any{object{}}, []any{nil}, []any{[]any{}})
			}
		}
		g.directives(v, depth)
	case []any:
		for i := range v {
			v[i] = g.spoil(v[i], depth+1)
		}
		if g.odd && g.chance(60) {
			v = append(v, g.one("x", 1.0, nil, object{}, []any{}, object{"$patch": "replace"}))
		}
		if g.chance(40) {
			v = append(v, object{"$patch": "replace"})
		}
		return v
	}
	return v
}

func (g *generator) order(in object, key string, l []any) {
	mergeKey, keyed := mergeKeys[key]
	if !g.chance(12) || (!keyed && key != "finalizers") || len(l) == 0 {
		return
	}
	order := []any{}
	for _, item := range l {
		if o, ok := item.(object); ok && o["$patch"] == "delete" {
			return // Go's order then depends on what it has overwritten in the original's array
		}
		if g.chance(3) {
			order = append(order, g.orderItem(mergeKey, g.name()))
		}
		if o, ok := item.(object); ok && o["$patch"] == nil && keyed {
			order = append(order, g.orderItem(mergeKey, o[mergeKey]))
		} else if !keyed {
			order = append(order, item)
		}
	}
	if g.odd && g.chance(6) {
		g.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	if len(order) > 0 {
		in["$setElementOrder/"+key] = order
	}
}

func (g *generator) orderItem(mergeKey string, v any) any {
	if mergeKey == "" {
		return v
	}
	return object{mergeKey: v}
}

func (g *generator) directives(o object, depth int) {
	switch {
	case depth > 1 && g.chance(30):
		o["$patch"] = g.one("delete", "delete", "replace", "merge")
	case g.odd && g.chance(60):
		o["$patch"] = g.one("nonsense", 1.0, nil, object{})
	case g.chance(40):
		keys := []any{}
		for k := range o {
			keys = append(keys, k)
		}
		o["$retainKeys"] = append(keys, g.name())
	case g.odd && g.chance(60):
		o["$retainKeys"] = g.one("x", []any{}, []any{"name"}, nil)
	case g.odd && g.chance(80):
		o[g.one("unknownField", "$deleteFromPrimitiveList", "$setElementOrder", "$setElementOrderX/a", "$other").(string)] = g.one(object{}, []any{}, "x")
	}
	if o["finalizers"] != nil && g.chance(4) {
		delete(o, "finalizers")
		o["$deleteFromPrimitiveList/finalizers"] = g.list(2, g.name)
	}
	if g.odd && g.chance(40) {
		delete(o, "name")
	}
}

func (g *generator) overlay() object {
	g.odd = g.chance(3)
	o := object{}
	g.maybe(o, "metadata", g.metadata())
	if !g.chance(8) {
		o["spec"] = g.spec()
	}
	if g.chance(2) {
		return o
	}
	return g.spoil(o, 0).(object)
}

// Pairs that each show one rule.
var fixed = [][2]string{
	{`{}`, `{}`},
	{`{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}`, `{"spec":{"containers":[{"name":"c"},{"name":"b","image":"x"}]}}`},
	{`{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}`, `{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}`},
	{`{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}}`, `{"spec":{"containers":[{"name":"b"},{"name":"x"}]}}`},
	{`{"spec":{"containers":[{"name":"a"},{"name":"a","image":"2"},{"name":"b"}]}}`, `{"spec":{"containers":[{"name":"a","image":"x"}]}}`},
	{`{"spec":{"containers":[{"name":"a"}]}}`, `{"spec":{"containers":[{"name":"n","image":"1"},{"name":"n","args":["2"]}]}}`},
	{`{"spec":{"containers":[{"name":"a"}]}}`, `{"spec":{"containers":[{"image":"x"}]}}`},
	{`{"spec":{"containers":[{"image":"a"}]}}`, `{"spec":{"containers":[{"name":"x"}]}}`},
	{`{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}`, `{"spec":{"containers":[{"$patch":"delete","name":"a"}]}}`},
	{`{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}`, `{"spec":{"containers":[{"$patch":"replace"},{"name":"c","image":null}]}}`},
	{`{"spec":{"containers":[{"name":"a"}]}}`, `{"spec":{"containers":[{"$patch":"merge","name":"a"}]}}`},
	{`{"spec":{"containers":[{"name":"a"}]}}`, `{"spec":{"containers":[{"$patch":"odd","name":"a"}]}}`},
	{`{"spec":{"containers":[{"name":"a"}]}}`, `{"spec":{"containers":[{"$patch":"delete"}]}}`},
	{`{"spec":{"containers":[]}}`, `{"spec":{"containers":[]}}`},
	{`{"spec":{"containers":null}}`, `{"spec":{"containers":[{"name":"a","image":null,"env":[{"$patch":"delete","name":"x"},{"name":"y"}]}]}}`},
	{`{"spec":{"x":{"a":1}}}`, `{"spec":{"x":{"a":2}}}`},
	{`{"spec":{"x":[1]}}`, `{"spec":{"x":[2]}}`},
	{`{"spec":{"x":1}}`, `{"spec":{"x":[2]}}`},
	{`{"metadata":{"labels":{"a":"1"}}}`, `{"metadata":{"labels":{"b":"2","a":null}}}`},
	{`{"metadata":{"labels":{"a":{"x":1}}}}`, `{"metadata":{"labels":{"a":{"y":1}}}}`},
	{`{"metadata":{"finalizers":["a","b"]}}`, `{"metadata":{"finalizers":["b","c"]}}`},
	{`{"metadata":{"finalizers":["a","b"]}}`, `{"metadata":{"$deleteFromPrimitiveList/finalizers":["b"]}}`},
	{`{"metadata":{"finalizers":["a","b","c"]}}`, `{"metadata":{"$setElementOrder/finalizers":["c","a"],"finalizers":["c"]}}`},
	{`{"metadata":{"finalizers":["a"]}}`, `{"metadata":{"finalizers":["b",1]}}`},
	{`{"spec":{"volumes":[{"name":"a","emptyDir":{}}]}}`, `{"spec":{"volumes":[{"name":"a","$retainKeys":["name","secret"],"secret":{}}]}}`},
	{`{"spec":{"volumes":[{"name":"a","emptyDir":{}}]}}`, `{"spec":{"volumes":[{"name":"a","$retainKeys":["name"],"secret":{}}]}}`},
	{`{"spec":{"volumes":[{"name":"a","emptyDir":{}}]}}`, `{"spec":{"volumes":[{"name":"a","$retainKeys":"x"}]}}`},
	{`{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}}`, `{"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"a"},{"name":"b"}]}}`},
	{`{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}}`, `{"spec":{"$setElementOrder/containers":[{"name":"x"},{"name":"b"}],"containers":[{"name":"x"}]}}`},
	{`{"spec":{"containers":[{"name":"a"}]}}`, `{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"x"}]}}`},
	{`{"spec":{}}`, `{"spec":{"$setElementOrder/containers":[{"name":"x"}],"containers":[{"name":"x","image":null}]}}`},
	{`{"spec":{"tolerations":[{"key":"a"}]}}`, `{"spec":{"tolerations":[{"key":"b"}]}}`},
	{`{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80},{"containerPort":80,"protocol":"UDP"}]}]}}`,
		`{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80.0,"name":"x"}]}]}}`},
	{`{"spec":{"securityContext":{"fsGroup":1}}}`, `{"spec":{"securityContext":{"$patch":"replace","runAsUser":2,"x":null}}}`},
	{`{"spec":{"securityContext":{"fsGroup":1}}}`, `{"spec":{"securityContext":{"$patch":"delete"}}}`},
	{`{"spec":{"a":1}}`, `{"$patch":"replace","spec":{}}`},
	{`{"spec":{"a":1}}`, `{"$patch":"delete","spec":{}}`},
	{`{"spec":{"a":1}}`, `{"spec":null}`},
	{`{"spec":{"containers":[{"name":"a","lifecycle":{"preStop":{"exec":{"command":["a"]}}}}]}}`,
		`{"spec":{"containers":[{"name":"a","lifecycle":{"preStop":{"exec":{"command":["b","c"]}}}}]}}`},
}
