// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
)

// rendered is one installation under test.
type rendered struct {
	*testing.T
	all   []object
	minor int
	flags map[string]bool
	release
}

// Every rule for every way to install, on every Kubernetes.
func TestInvariants(t *testing.T) {
	t.Parallel()
	flags := serveFlags(t)
	for _, set := range sets {
		for _, kube := range set.kubes() {
			t.Run(set.name+"/"+kube, func(t *testing.T) {
				t.Parallel()
				r := release{name: set.release, namespace: set.namespace, kube: kube, values: set.values}
				minor, _ := strconv.Atoi(strings.Split(kube, ".")[1])
				c := rendered{T: t, all: r.render(t), minor: minor, flags: flags, release: r}
				for _, rule := range []func(rendered){
					rendered.apiVersions, rendered.fieldsOfTheirTime, rendered.namespaces, rendered.selectors, rendered.accounts,
					rendered.rights, rendered.volumes, rendered.restricted, rendered.commandLine, rendered.webhooks, rendered.certificates, rendered.monitoring,
				} {
					rule(c)
				}
			})
		}
	}
}

// serveFlags are those that the program knows, so that the chart uses no other.
func serveFlags(t *testing.T) map[string]bool {
	t.Helper()
	help, err := exec.Command(need(t, "OUTRIGGER"), "help", "serve").Output()
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^\s+(?:-.,\s+)?--([a-z-]+)`).FindAllStringSubmatch(string(help), -1) {
		flags[line[1]] = true
	}
	if !flags["listen"] || !flags["tls-cert"] {
		t.Fatalf("the help of serve cannot be read: %s", help)
	}
	return flags
}

// since says from which minor version on a kind is served in an API version, and until when ("removed in").
var since = map[string][2]int{
	"v1/Service": {0, 99}, "v1/ServiceAccount": {0, 99}, "v1/ConfigMap": {0, 99}, "v1/ResourceQuota": {0, 99},
	"apps/v1/Deployment":                 {9, 99},
	"policy/v1beta1/PodDisruptionBudget": {5, 25}, "policy/v1/PodDisruptionBudget": {21, 99},
	"autoscaling/v2beta2/HorizontalPodAutoscaler": {12, 26}, "autoscaling/v2/HorizontalPodAutoscaler": {23, 99},
	"networking.k8s.io/v1/NetworkPolicy":                             {7, 99},
	"rbac.authorization.k8s.io/v1/Role":                              {8, 99},
	"rbac.authorization.k8s.io/v1/RoleBinding":                       {8, 99},
	"rbac.authorization.k8s.io/v1/ClusterRole":                       {8, 99},
	"rbac.authorization.k8s.io/v1/ClusterRoleBinding":                {8, 99},
	"admissionregistration.k8s.io/v1/MutatingWebhookConfiguration":   {16, 99},
	"admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration": {16, 99},
	"cert-manager.io/v1/Issuer":                                      {16, 99},
	"cert-manager.io/v1/Certificate":                                 {16, 99},
	"monitoring.coreos.com/v1/ServiceMonitor":                        {16, 99},
	"monitoring.coreos.com/v1/PrometheusRule":                        {16, 99},
}

func (c rendered) apiVersions() {
	for _, o := range c.all {
		span, known := since[o.text("apiVersion")+"/"+o.kind()]
		if !known || c.minor < span[0] || c.minor >= span[1] {
			c.Errorf("%s %s is not served by Kubernetes 1.%d", o.text("apiVersion"), o.kind(), c.minor)
		}
	}
}

// has says whether a key is anywhere in a value.
func has(value any, key string) bool {
	switch v := value.(type) {
	case map[string]any:
		for k, inner := range v {
			if k == key || has(inner, key) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(inner any) bool { return has(inner, key) })
	}
	return false
}

// A field that an API server does not know is dropped at best, and refused with strict validation.
func (c rendered) fieldsOfTheirTime() {
	for key, minor := range map[string]int{
		"seccompProfile": 19, "topologySpreadConstraints": 18, "matchConditions": 28, "unhealthyPodEvictionPolicy": 27,
	} {
		for _, o := range c.all {
			if c.minor < minor && !strings.Contains(c.values, "topologySpread") && has(map[string]any(o), key) {
				c.Errorf("%s %s has %s, which Kubernetes 1.%d does not know", o.kind(), o.name(), key, c.minor)
			}
		}
	}
	if c.minor >= 28 && strings.Contains(c.values, "matchConditions") && !has(map[string]any(only(c.T, c.all, "MutatingWebhookConfiguration")), "matchConditions") {
		c.Error("matchConditions were left out")
	}
}

var clusterScoped = []string{"ClusterRole", "ClusterRoleBinding", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}

func (c rendered) namespaces() {
	seen := map[string]bool{}
	for _, o := range c.all {
		id := o.kind() + "/" + o.text("metadata", "namespace") + "/" + o.name()
		if seen[id] {
			c.Errorf("%s is there twice", id)
		}
		seen[id] = true
		if scoped := o.text("metadata", "namespace") != ""; scoped == slices.Contains(clusterScoped, o.kind()) {
			c.Errorf("%s: namespace %q", id, o.text("metadata", "namespace"))
		}
		if o.text("metadata", "labels", "app.kubernetes.io/name") != "outrigger" {
			c.Errorf("%s has no label app.kubernetes.io/name", id)
		}
	}
}

// Whatever selects pods must select ours, with labels that no other release has.
func (c rendered) selectors() {
	deployment := only(c.T, c.all, "Deployment")
	pod := labels.Set(deployment.strings("spec", "template", "metadata", "labels"))
	for _, s := range []struct {
		kind string
		path []string
	}{
		{"Deployment", []string{"spec", "selector", "matchLabels"}},
		{"Service", []string{"spec", "selector"}},
		{"PodDisruptionBudget", []string{"spec", "selector", "matchLabels"}},
		{"NetworkPolicy", []string{"spec", "podSelector", "matchLabels"}},
	} {
		for _, o := range ofKind(c.all, s.kind) {
			selector := o.strings(s.path...)
			if !labels.SelectorFromSet(selector).Matches(pod) || selector["app.kubernetes.io/instance"] == "" {
				c.Errorf("%s %s selects %v, the pods have %v", s.kind, o.name(), selector, pod)
			}
		}
	}
	for _, o := range ofKind(c.all, "HorizontalPodAutoscaler") {
		if o.text("spec", "scaleTargetRef", "name") != deployment.name() || deployment.at("spec", "replicas") != nil {
			c.Error("the autoscaler and the Deployment disagree about who counts replicas")
		}
	}
	if pod["sidecar.istio.io/inject"] != "false" || deployment.text("spec", "template", "metadata", "annotations", "sidecar.istio.io/inject") != "false" {
		c.Error("the webhook's own pods can be injected")
	}
	c.ports(deployment)
}

func (c rendered) ports(deployment object) {
	names := map[string]string{}
	for _, port := range c.container(deployment).list("ports") {
		names[port.text("name")] = port.text("containerPort")
	}
	for _, port := range only(c.T, c.all, "Service").list("spec", "ports") {
		if names[port.text("targetPort")] == "" {
			c.Errorf("the Service's port %s has the target %s, which the container has not", port.text("name"), port.text("targetPort"))
		}
	}
	for _, policy := range ofKind(c.all, "NetworkPolicy") {
		for i, rule := range policy.list("spec", "ingress") {
			if want := names[[]string{"https", "http-monitoring"}[i]]; rule.list("ports")[0].text("port") != want {
				c.Errorf("the NetworkPolicy does not allow port %s", want)
			}
		}
	}
	for _, probe := range []string{"readinessProbe", "livenessProbe"} {
		if c.container(deployment).text(probe, "httpGet", "port") != "http-monitoring" {
			c.Errorf("%s must not go to the port that may demand client certificates", probe)
		}
	}
}

func (c rendered) container(deployment object) object {
	containers := deployment.list("spec", "template", "spec", "containers")
	if len(containers) != 1 || deployment.at("spec", "template", "spec", "initContainers") != nil {
		c.Fatal("one container, and nothing else, is all it needs")
	}
	return containers[0]
}

func (c rendered) accounts() {
	spec := only(c.T, c.all, "Deployment").object("spec", "template", "spec")
	accounts := ofKind(c.all, "ServiceAccount")
	if len(accounts) == 1 && accounts[0].name() != spec.text("serviceAccountName") {
		c.Errorf("the pods' account is %s, the chart's %s", spec.text("serviceAccountName"), accounts[0].name())
	}
	if mounted := spec.text("automountServiceAccountToken"); mounted != fmt.Sprint(c.asksAPI()) {
		c.Errorf("the token is mounted: %s, needed: %v", mounted, c.asksAPI())
	}
	if want := "system-cluster-critical"; c.minor >= 17 && !strings.Contains(c.values, "priorityClassName") && spec.text("priorityClassName") != want {
		c.Errorf("priority class %q", spec.text("priorityClassName"))
	}
	// 1.16 allows the class in kube-system alone.
	if c.minor < 17 && spec.at("priorityClassName") != nil {
		c.Error("the priority class would be refused")
	}
}

// args of the command line by name; those of a list together.
func (c rendered) args() map[string][]string {
	all := map[string][]string{}
	for _, arg := range c.container(only(c.T, c.all, "Deployment")).texts("args") {
		name, value, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		all[name] = append(all[name], value)
	}
	return all
}

func (c rendered) asksAPI() bool {
	args := c.args()
	return args["certs"] != nil || args["webhook-configuration"] != nil || args["cluster"] != nil || args["events"] != nil
}

// right is one: what may be done with what, "" for no name.
type right struct{ verb, resource, name string }

func rightsOf(roles []object) map[right]bool {
	all := map[right]bool{}
	for _, role := range roles {
		for _, rule := range role.list("rules") {
			names := rule.texts("resourceNames")
			if len(names) == 0 {
				names = []string{""}
			}
			for _, verb := range rule.texts("verbs") {
				for _, resource := range rule.texts("resources") {
					for _, name := range names {
						all[right{verb, resource, name}] = true
					}
				}
			}
		}
	}
	return all
}

// The rights are those that the command line needs, by name, and no others; all go to the pods' account.
func (c rendered) rights() {
	args, need := c.args(), map[right]bool{}
	if args["certs"] != nil {
		need[right{"create", "secrets", ""}] = true
		for _, verb := range []string{"get", "list", "watch", "update"} {
			need[right{verb, "secrets", args["secret-name"][0]}] = true
		}
	}
	if args["certs"] != nil || args["count-pods"] != nil {
		need[right{"create", "leases", ""}] = true
		for _, verb := range []string{"get", "update"} {
			need[right{verb, "leases", args["lease-name"][0]}] = true
			need[right{verb, "leases", only(c.T, c.all, "Service").name()}] = true // as `outrigger check` asks
		}
	}
	if args["events"] != nil {
		need[right{"create", "events", ""}] = true
		need[right{"patch", "events", ""}] = true
	}
	if args["count-pods"] != nil {
		need[right{"list", "namespaces", ""}] = true
		need[right{"list", "pods", ""}] = true
	}
	for _, name := range args["webhook-configuration"] {
		for _, resource := range []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"} {
			for _, verb := range []string{"get", "list", "watch"} {
				need[right{verb, resource, name}] = true
			}
			if args["certs"] != nil {
				need[right{"patch", resource, name}] = true
			}
		}
	}
	if args["cluster"] != nil {
		suffix := ""
		if revision := args["revision"][0]; revision != "default" {
			suffix = "-" + revision
		}
		for _, verb := range []string{"list", "watch"} {
			for _, r := range []right{{verb, "configmaps", "istio" + suffix}, {verb, "configmaps", "istio-sidecar-injector" + suffix},
				{verb, "nodes", ""}, {verb, "namespaces", ""}, {verb, "serviceaccounts", ""}, {verb, "proxyconfigs", ""}} {
				need[r] = true
			}
		}
	}
	have := rightsOf(append(ofKind(c.all, "Role"), ofKind(c.all, "ClusterRole")...))
	if !maps.Equal(need, have) {
		c.Errorf("rights: %v, needed: %v", have, need)
	}
	account := only(c.T, c.all, "Deployment").text("spec", "template", "spec", "serviceAccountName")
	for _, binding := range append(ofKind(c.all, "RoleBinding"), ofKind(c.all, "ClusterRoleBinding")...) {
		bound := func(role object) bool {
			return role.name() == binding.text("roleRef", "name") && role.text("metadata", "namespace") == binding.text("metadata", "namespace")
		}
		subject := binding.list("subjects")
		if !slices.ContainsFunc(ofKind(c.all, binding.text("roleRef", "kind")), bound) || len(subject) != 1 || subject[0].text("name") != account ||
			subject[0].text("namespace") != only(c.T, c.all, "Deployment").text("metadata", "namespace") {
			c.Errorf("%s %s binds %v to %v", binding.kind(), binding.name(), binding.at("roleRef"), binding.at("subjects"))
		}
	}
	if len(have) > 0 && len(ofKind(c.all, "RoleBinding"))+len(ofKind(c.all, "ClusterRoleBinding")) != len(ofKind(c.all, "Role"))+len(ofKind(c.all, "ClusterRole")) {
		c.Error("a role is bound to nobody")
	}
	c.asked()
}

// Each configuration that is installed is looked at, unless the CA is somebody else's business; the API server can be reached.
func (c rendered) asked() {
	var installed []string
	for _, o := range append(ofKind(c.all, "MutatingWebhookConfiguration"), ofKind(c.all, "ValidatingWebhookConfiguration")...) {
		installed = append(installed, o.name())
	}
	if args := c.args(); args["tls-cert"] == nil || len(ofKind(c.all, "Certificate")) > 0 {
		if !slices.Equal(args["webhook-configuration"], installed) {
			c.Errorf("looked at: %v, installed: %v", args["webhook-configuration"], installed)
		}
	}
	for _, policy := range ofKind(c.all, "NetworkPolicy") {
		if open := len(policy.list("spec", "egress")) > 0; open != c.asksAPI() {
			c.Errorf("the NetworkPolicy lets it out: %v", open)
		}
	}
}

// Every volume is mounted read-only, every mount has its volume, every object that a volume is made of is known.
func (c rendered) volumes() {
	deployment := only(c.T, c.all, "Deployment")
	mounts := map[string]bool{}
	for _, mount := range c.container(deployment).list("volumeMounts") {
		mounts[mount.text("name")] = true
		if mount.text("readOnly") != "true" && mount.text("name") != "audit-log" {
			c.Errorf("the mount %s can be written to", mount.text("name"))
		}
	}
	for _, volume := range deployment.list("spec", "template", "spec", "volumes") {
		if !mounts[volume.text("name")] {
			c.Errorf("volume %s is not mounted", volume.text("name"))
		}
		delete(mounts, volume.text("name"))
		if volume.text("name") == "certs" && volume.text("secret", "defaultMode") != "288" {
			c.Errorf("the key has mode %s, not 0440", volume.text("secret", "defaultMode"))
		}
		for _, own := range ofKind(c.all, "ConfigMap") {
			if volume.text("name") == "guard" && own.at("data", "guard.yaml") != nil && volume.text("configMap", "name") != own.name() {
				c.Errorf("guard.yaml is in %s, mounted is %s", own.name(), volume.text("configMap", "name"))
			}
		}
	}
	for name := range mounts {
		c.Errorf("mount %s has no volume", name)
	}
}

// What PodSecurity's level restricted asks for; the end-to-end tests ask the real one.
func (c rendered) restricted() {
	template := only(c.T, c.all, "Deployment").object("spec", "template")
	pod, container := template.object("spec", "securityContext"), c.container(only(c.T, c.all, "Deployment")).object("securityContext")
	seccomp := pod.text("seccompProfile", "type") == "RuntimeDefault" ||
		(c.minor < 19 && template.text("metadata", "annotations", "seccomp.security.alpha.kubernetes.io/pod") == "runtime/default")
	for what, ok := range map[string]bool{
		"a user that is not root":       pod.text("runAsNonRoot") == "true" && pod.text("runAsUser") != "0",
		"RuntimeDefault seccomp":        seccomp,
		"no escalation of privileges":   container.text("allowPrivilegeEscalation") == "false",
		"no privileges":                 container.text("privileged") == "false",
		"a read-only root":              container.text("readOnlyRootFilesystem") == "true",
		"no capabilities":               slices.Equal(container.texts("capabilities", "drop"), []string{"ALL"}) && container.at("capabilities", "add") == nil,
		"no namespaces of the node":     !has(map[string]any(template), "hostPID") && !has(map[string]any(template), "hostIPC"),
		"no paths of the node":          !has(map[string]any(template), "hostPath"),
		"the node's network if asked":   has(map[string]any(template), "hostNetwork") == strings.Contains(c.values, "hostNetwork"),
		"ids of OpenShift's, not ours":  strings.Contains(c.values, "openshift") == (pod.at("runAsUser") == nil),
		"a request and a limit of size": len(c.container(only(c.T, c.all, "Deployment")).object("resources")) == 2,
	} {
		if !ok {
			c.Errorf("the pods lack %s", what)
		}
	}
	if strings.Contains(c.values, "1000680000") && pod.text("runAsUser") != "1.00068e+09" && pod.text("runAsUser") != "1000680000" {
		c.Errorf("runAsUser is %q", pod.text("runAsUser"))
	}
}

var digitsOnly = regexp.MustCompile(`^[0-9]+$`)

// Flags that the program knows, each once unless it is a list, and files that are mounted.
func (c rendered) commandLine() {
	deployment := only(c.T, c.all, "Deployment")
	args := c.container(deployment).texts("args")
	if args[0] != "serve" {
		c.Fatalf("the first argument is %s", args[0])
	}
	seen := map[string]bool{}
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !c.flags[name] {
			c.Errorf("`outrigger serve` knows no --%s", name)
		}
		if seen[name] && name != "env" && name != "webhook-configuration" {
			c.Errorf("--%s is there twice", name)
		}
		seen[name] = true
		if slices.Contains([]string{"threads", "max-connections"}, name) && !digitsOnly.MatchString(value) {
			c.Errorf("%s is no number", arg)
		}
		if strings.HasPrefix(value, "/") && !c.mounted(deployment, value) {
			c.Errorf("%s is not mounted", value)
		}
	}
	for _, name := range []string{"listen", "metrics-listen", "revision", "log-format"} {
		if !seen[name] {
			c.Errorf("no --%s", name)
		}
	}
}

func (c rendered) mounted(deployment object, path string) bool {
	return slices.ContainsFunc(c.container(deployment).list("volumeMounts"), func(m object) bool {
		return strings.HasPrefix(path, m.text("mountPath")+"/")
	})
}

func (c rendered) webhooks() {
	service := only(c.T, c.all, "Service")
	for _, configuration := range append(ofKind(c.all, "MutatingWebhookConfiguration"), ofKind(c.all, "ValidatingWebhookConfiguration")...) {
		if configuration.at("metadata", "labels", "istio.io/rev") != nil {
			c.Error("istiod would take the configuration for its own")
		}
		names := map[string]bool{}
		for _, w := range configuration.list("webhooks") {
			c.webhook(w, service)
			names[w.text("name")] = true
		}
		if len(names) != len(configuration.list("webhooks")) {
			c.Error("two entries have one name")
		}
	}
}

func (c rendered) webhook(w, service object) {
	name, client := w.text("name"), w.object("clientConfig")
	if strings.HasSuffix(name, "sidecar-injector.istio.io") || strings.Count(name, ".") < 2 {
		c.Errorf("an entry must not be named %s", name)
	}
	if w.text("sideEffects") != "NoneOnDryRun" || !slices.Contains(w.texts("admissionReviewVersions"), "v1") {
		c.Errorf("%s: sideEffects %s", name, w.text("sideEffects"))
	}
	if rule := w.list("rules"); len(rule) != 1 || !slices.Equal(rule[0].texts("operations"), []string{"CREATE"}) || !slices.Equal(rule[0].texts("resources"), []string{"pods"}) {
		c.Errorf("%s: rules %v", name, rule)
	}
	if url := client.text("url"); url != "" {
		if client["service"] != nil || !regexp.MustCompile(`^https://[^/]+/(inject|require)`).MatchString(url) {
			c.Errorf("%s: url %s", name, url)
		}
	} else if client.text("service", "name") != service.name() || client.text("service", "namespace") != service.text("metadata", "namespace") ||
		client.text("service", "port") != service.list("spec", "ports")[0].text("port") {
		c.Errorf("%s calls %v, which is not the Service", name, client["service"])
	}
	bundle, _ := base64.StdEncoding.DecodeString(client.text("caBundle"))
	if want := strings.Contains(c.values, "caBundle"); want != (client["caBundle"] != nil) || (want && string(bundle) != pem) {
		c.Errorf("%s: caBundle %q", name, bundle)
	}
}

// Of its own CA, the certificate is for the Service and the URL's host. Otherwise it is for the name that the API server calls, ends in the Secret that is mounted, and is the one whose CA is injected.
func (c rendered) certificates() {
	wanted := strings.Contains(c.values, "cert-manager}") || strings.Contains(c.values, "mode: cert-manager")
	if found := len(ofKind(c.all, "Certificate")) > 0; found != wanted {
		c.Fatalf("Certificates: %v", found)
	}
	service := only(c.T, c.all, "Service")
	host := service.name() + "." + service.text("metadata", "namespace") + ".svc"
	if args := c.args(); args["certs"] != nil {
		if args["service-name"][0] != service.name() || args["namespace"][0] != service.text("metadata", "namespace") {
			c.Errorf("the certificate is for %v", args["service-name"])
		}
		if called := regexp.MustCompile(`url: "https://([^:/"]*)`).FindStringSubmatch(c.values); called != nil && !slices.Contains(args["host"], called[1]) {
			c.Errorf("no certificate for %s", called[1])
		}
	}
	for _, certificate := range ofKind(c.all, "Certificate") {
		if certificate.text("spec", "isCA") == "true" {
			continue
		}
		if !slices.Contains(certificate.texts("spec", "dnsNames"), host) {
			c.Errorf("no certificate for %s", host)
		}
		volume := only(c.T, c.all, "Deployment").list("spec", "template", "spec", "volumes")[0]
		if volume.text("secret", "secretName") != certificate.text("spec", "secretName") {
			c.Errorf("the certificate is in %s, mounted is %s", certificate.text("spec", "secretName"), volume.text("secret", "secretName"))
		}
		configuration := only(c.T, c.all, "MutatingWebhookConfiguration")
		if from := configuration.text("metadata", "annotations", "cert-manager.io/inject-ca-from"); from != certificate.text("metadata", "namespace")+"/"+certificate.name() {
			c.Errorf("the CA is injected from %s", from)
		}
		for _, w := range configuration.list("webhooks") {
			called, _, _ := strings.Cut(strings.TrimPrefix(w.text("clientConfig", "url"), "https://"), ":")
			if called != "" && !slices.Contains(certificate.texts("spec", "dnsNames"), called) {
				c.Errorf("no certificate for %s", called)
			}
		}
	}
}

func (c rendered) monitoring() {
	service := only(c.T, c.all, "Service")
	for _, monitor := range ofKind(c.all, "ServiceMonitor") {
		if !labels.SelectorFromSet(monitor.strings("spec", "selector", "matchLabels")).Matches(labels.Set(service.strings("metadata", "labels"))) {
			c.Error("the ServiceMonitor does not select the Service")
		}
		port := monitor.list("spec", "endpoints")[0].text("port")
		if !slices.ContainsFunc(service.list("spec", "ports"), func(p object) bool { return p.text("name") == port }) {
			c.Errorf("the Service has no port %s", port)
		}
	}
	for _, rule := range ofKind(c.all, "PrometheusRule") {
		if len(rule.list("spec", "groups")) == 0 {
			c.Error("the PrometheusRule is empty")
		}
	}
	if strings.Contains(c.values, "dashboard") {
		if dashboards := only(c.T, c.all, "ConfigMap"); len(dashboards.object("data")) == 0 {
			c.Error("no dashboard")
		}
	}
}
