/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes: not ready, out of reach, tainted, under pressure: why pods stay pending. */
#include "webhook/check/ask.h"

enum { ASKED_MAX = 50, STATUS_OK = 200, STATUS_FORBIDDEN = 403, STATUS_NOT_FOUND = 404 };

struct tally {
	size_t nodes, ready, schedulable, asked, unreachable;
	bool may_ask; /* kubelets, through the API server */
};

#define REMEDY_DISK                                                                                                    \
	"free disk space there (unused images, logs, emptyDir volumes) or enlarge the disk; the taint goes by itself " \
	"some minutes later"
#define REMEDY_MEMORY      "end or move what uses the memory there, and set memory requests"
#define REMEDY_PID         "end what makes so many processes there, or raise the kubelet's podPidsLimit"
#define REMEDY_NETWORK     "look at the CNI plugin's pod on that node"
#define REMEDY_UNREACHABLE "see whether the machine runs and its kubelet reaches the API server"
#define REMEDY_NOT_READY   "look at the kubelet's log on that node"

static const struct {
	const char *type, *code, *remedy;
} pressures[] = {
	{"DiskPressure", "node-disk-pressure", REMEDY_DISK},
	{"MemoryPressure", "node-memory-pressure", REMEDY_MEMORY},
	{"PIDPressure", "node-pid-pressure", REMEDY_PID},
	{"NetworkUnavailable", "node-network-unavailable", REMEDY_NETWORK},
};

static const struct {
	const char *key, *code;
	enum check_level level;
	const char *remedy;
	const char *condition; /* which says the same: one finding is enough */
} taints[] = {
	{"node-role.kubernetes.io/master", "node-control-plane", CHECK_INFO,
		"as it should be where other nodes take pods; else: kubectl taint nodes NODE "
		"node-role.kubernetes.io/master-",
		NULL},
	{"node-role.kubernetes.io/control-plane", "node-control-plane", CHECK_INFO,
		"as it should be where other nodes take pods; else: kubectl taint nodes NODE "
		"node-role.kubernetes.io/control-plane-",
		NULL},
	{"node.kubernetes.io/disk-pressure", "node-disk-pressure", CHECK_ERROR, REMEDY_DISK, "DiskPressure"},
	{"node.kubernetes.io/memory-pressure", "node-memory-pressure", CHECK_ERROR, REMEDY_MEMORY, "MemoryPressure"},
	{"node.kubernetes.io/pid-pressure", "node-pid-pressure", CHECK_ERROR, REMEDY_PID, "PIDPressure"},
	{"node.kubernetes.io/unreachable", "node-unreachable", CHECK_ERROR, REMEDY_UNREACHABLE, "Ready"},
	{"node.kubernetes.io/not-ready", "node-not-ready", CHECK_ERROR, REMEDY_NOT_READY, "Ready"},
	{"node.kubernetes.io/network-unavailable", "node-network-unavailable", CHECK_ERROR, REMEDY_NETWORK,
		"NetworkUnavailable"},
	{"node.kubernetes.io/unschedulable", "node-cordoned", CHECK_WARNING,
		"kubectl uncordon NODE, once its maintenance is done", NULL},
	{"node.cloudprovider.kubernetes.io/uninitialized", "node-uninitialized", CHECK_WARNING,
		"look at the cloud controller manager's log", NULL},
};

static const struct value *condition(const struct value *node, const char *type)
{
	const struct value *l = raw_path(node, "status", "conditions", NULL);

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (str_is(raw_str(l->u.list.item[i], "type"), type))
			return l->u.list.item[i];
	return NULL;
}

/* Whether a pod without tolerations may run there, as far as taints say. */
static bool is_tainted(const struct value *node)
{
	const struct value *l = raw_path(node, "spec", "taints", NULL);

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (!str_is(raw_str(l->u.list.item[i], "effect"), "PreferNoSchedule"))
			return true;
	return false;
}

/* Of a node, the condition that a taint repeats: Ready repeats itself when it is not true. */
static bool is_told(const struct value *node, const char *type)
{
	const struct str status = raw_str(type ? condition(node, type) : NULL, "status");

	return type && (str_is(str_of(type), "Ready") ? !str_is(status, "True") : str_is(status, "True"));
}

static void tell_taint(struct check *c, const char *subject, const struct value *node, const struct value *taint)
{
	const struct str key = raw_str(taint, "key"), effect = raw_str(taint, "effect");

	for (size_t i = 0; i < ARRAY_LEN(taints); i++) {
		if (!str_is(key, taints[i].key))
			continue;
		if (is_told(node, taints[i].condition))
			return;
		check_found(c->found, taints[i].level, taints[i].code, subject, taints[i].remedy,
			"has the taint %.*s:%.*s, so pods are not put there", SHOWN(key), SHOWN(effect));
		return;
	}
	check_found(c->found, CHECK_INFO, "node-tainted", subject, "pods that are meant for it need a toleration",
		"has the taint %.*s:%.*s", SHOWN(key), SHOWN(effect));
}

static bool is_ready(struct check *c, const char *subject, const struct value *node)
{
	const struct value *ready = condition(node, "Ready");
	const struct str status = raw_str(ready, "status"), said = raw_str(ready, "message");
	const struct str message = said.len ? said : STR("it has never reported");

	if (str_is(status, "True"))
		return true;
	check_found(c->found, CHECK_ERROR, str_is(status, "Unknown") || !ready ? "node-unreachable" : "node-not-ready",
		subject, str_is(status, "Unknown") ? REMEDY_UNREACHABLE : REMEDY_NOT_READY, "is not ready: %.*s",
		SHOWN(message));
	return false;
}

static void look_at_conditions(struct check *c, const char *subject, const struct value *node)
{
	for (size_t i = 0; i < ARRAY_LEN(pressures); i++) {
		const struct value *x = condition(node, pressures[i].type);

		if (str_is(raw_str(x, "status"), "True"))
			check_found(c->found, CHECK_ERROR, pressures[i].code, subject, pressures[i].remedy,
				"condition %s is true: %.*s", pressures[i].type, SHOWN(raw_str(x, "message")));
	}
}

/* kube-apiserver talks to kubelets for logs, exec and port forwarding, and needs their port for it. */
static int ask_kubelet(struct check *c, struct tally *t, const char *subject, struct str name, struct err *err)
{
	const char *path = check_text(c, "/api/v1/nodes/%.*s/proxy/healthz", SHOWN(name));
	struct check_reply reply = {0};
	const int status = c->source->call(c->source->context, c->a, path, (struct str){0}, &reply, err);

	if (status < 0)
		return -1;
	t->asked++;
	if (reply.status == STATUS_FORBIDDEN || reply.status == STATUS_NOT_FOUND) {
		t->may_ask = false;
		if (reply.status == STATUS_FORBIDDEN)
			check_found(c->found, CHECK_INFO, "kubelet-not-asked", "",
				"allow this user to get nodes/proxy, as the chart's role for checks does",
				"whether kubelets can be reached on port 10250 was not checked");
	} else if (reply.status != STATUS_OK) {
		t->unreachable++;
		check_found(c->found, CHECK_ERROR, "kubelet-unreachable", subject,
			"open TCP port 10250 from the control plane to the node (firewall, security group, VPN), and "
			"see that its kubelet runs",
			"the API server cannot reach its kubelet on port 10250: %d %s", reply.status,
			check_said(c, &reply));
	}
	return 0;
}

static int look_at(struct check *c, void *context, const struct value *node, struct err *err)
{
	struct tally *t = context;
	const struct str name = raw_str(raw_get(node, "metadata"), "name");
	const struct value *l = raw_path(node, "spec", "taints", NULL);
	const char *subject = check_text(c, "Node %.*s", SHOWN(name));
	const bool ready = is_ready(c, subject, node), cordoned = raw_bool(raw_get(node, "spec"), "unschedulable");

	t->nodes++;
	t->ready += ready;
	t->schedulable += ready && !cordoned && !is_tainted(node);
	look_at_conditions(c, subject, node);
	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		tell_taint(c, subject, node, l->u.list.item[i]);
	return t->may_ask && t->asked < ASKED_MAX ? ask_kubelet(c, t, subject, name, err) : 0;
}

static void conclude(struct check *c, const struct tally *t)
{
	if (t->nodes == 0)
		check_found(c->found, CHECK_ERROR, "no-nodes", "", "add a node", "the cluster has no node");
	else if (t->schedulable == 0)
		check_found(c->found, CHECK_ERROR, "no-node-takes-pods", "", "see to the nodes named here, or add one",
			"none of %zu nodes is ready, not cordoned and without a taint: pods without tolerations stay "
			"pending",
			t->nodes);
	else if (t->schedulable == t->nodes && t->unreachable == 0)
		check_found(c->found, CHECK_OK, "nodes", "", NULL, "%zu of %zu are ready and take pods", t->schedulable,
			t->nodes);
	if (t->may_ask && t->asked == ASKED_MAX && t->nodes > ASKED_MAX)
		check_found(c->found, CHECK_INFO, "kubelet-not-asked", "", NULL,
			"only the first %d of %zu kubelets were asked", ASKED_MAX, t->nodes);
}

int check_nodes(struct check *c, struct err *err)
{
	struct tally t = {.may_ask = true};
	bool complete;

	if (check_each(c, "/api/v1/nodes", "nodes", "list nodes", look_at, &t, &complete, err) < 0)
		return -1;
	if (complete)
		conclude(c, &t);
	return 0;
}
