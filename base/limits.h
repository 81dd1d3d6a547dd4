/* SPDX-License-Identifier: Apache-2.0 */
/* Every limit of the product, with its unit and its reason. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
	/* Nesting of JSON, of YAML and of values, in levels. A pod's own types nest 13 deep; jansson stops at 2048, cJSON at
	 * 1000, and a level of ours costs at most 300 bytes of stack. */
	LIMIT_JSON_DEPTH = 256,
	LIMIT_YAML_DEPTH = 64,

	/* Bytes of a number in JSON. Doubles and 64-bit integers need at most 25; cJSON, which proves patches, reads no more than 63. */
	LIMIT_JSON_NUMBER = 63,
	LIMIT_VALUE_DEPTH = 512,

	/* Bytes of a request's body: kube-apiserver sends objects of at most 3 MiB, with the old object beside. */
	LIMIT_BODY_BYTES = 8 << 20,

	/* Bytes of one configuration file: an API object holds at most 3 MiB, a ConfigMap 1 MiB. */
	LIMIT_CONFIG_BYTES = 8 << 20,

	/* Bytes that one request may allocate in its arena. */
	LIMIT_ARENA_BYTES = 512 << 20,

	/* YAML: events of one document (an alias counts what it copies). */
	LIMIT_YAML_EVENTS = 2000000,

	/* Template parser: nesting of actions and of pipelines in parentheses. */
	LIMIT_TEMPLATE_PARSE_DEPTH = 200,
	/* Template run: {{template}} calls within each other. Go allows 100,000; its own stack would be gone before here. */
	LIMIT_TEMPLATE_CALL_DEPTH = 256,
	/* Template run: steps (nodes evaluated, function calls, loop turns, bytes produced by a function divided by 64). */
	LIMIT_TEMPLATE_STEPS = 20000000,
	/* Bytes that one template may print, and that one function may return. */
	LIMIT_TEMPLATE_OUTPUT = 8 << 20,
	/* printf: width and precision (Go's own limit is 1e6). */
	LIMIT_PRINTF_WIDTH = 1000000,
	/* Items of a list that a template's function makes (until, splitList, list...). */
	LIMIT_FUNCTION_ITEMS = 1 << 20,
	/* Characters of randAlpha and its kin, bytes of randBytes. */
	LIMIT_RANDOM_BYTES = 64 << 10,
	/* Names in one list of the status annotation, containers in one of the overrides: injection adds a dozen. Each is looked for in
	 * lists of the pod's own length. */
	LIMIT_RECORDED_NAMES = 256,
	/* Templates named by a pod's annotation. */
	LIMIT_TEMPLATES_NAMED = 64,

	/* Bytes of decisions that wait to be written to the audit log: some 4,000, a second of the fastest load measured. */
	LIMIT_AUDIT_QUEUE_BYTES = 4 << 20,

	/* The Kubernetes API: bytes of one answer. */
	LIMIT_API_BYTES = 32 << 20,
	/* And of what is followed: of one page, or of one event of a watch. An object holds at most 3 MiB of JSON (1.5 MiB in etcd). */
	LIMIT_API_PAGE_BYTES = 8 << 20,
	/* Bytes of an API server's own words in an error of ours. */
	LIMIT_API_MESSAGE = 512,
	/* Bytes of a token file or a namespace file. Tokens with many claims reach some 4 KiB; HTTP servers take no more than 16 in a header. */
	LIMIT_TOKEN_BYTES = 16 << 10,
	/* Objects of one kind that are kept: what Kubernetes supports is 5,000 nodes and 10,000 namespaces. */
	LIMIT_KEPT_OBJECTS = 100000,
	/* Bytes that are kept of one object: the two texts of a ConfigMap are the largest. */
	LIMIT_KEPT_BYTES = 4 << 20,
	/* And of all objects of one kind: some 1,600 bytes for each of 10,000. */
	LIMIT_KEPT_TOTAL = 16 << 20,
	/* Of ProxyConfigs, and of service accounts, which many may create: some 4 KiB for each of 1,000. Read, they may be twenty times as
	 * large, and twice in memory while one configuration replaces another: that must fit the container's limit, 256 MiB. */
	LIMIT_KEPT_OF_MANY = 4 << 20,
	/* Events that wait to be written, and kinds of them that are counted together. */
	LIMIT_EVENTS_QUEUED = 256,

	/* The guard: rules and requirements in a file, exceptions, and names and patterns in all of them. */
	LIMIT_GUARD_RULES = 256,
	LIMIT_GUARD_EXCEPTIONS = 1024,
	LIMIT_GUARD_PATTERNS = 4096,
	/* Things that one pod asks for; each is held against every pattern, so that the product is what a pod may cost. */
	LIMIT_GUARD_ASKS = 1024,
	/* Bytes of one such thing: what is longer fits every rule about its kind. */
	LIMIT_GUARD_VALUE = 4096,

	/* Certificates of one caBundle or chain: all the public CAs of a Linux distribution are fewer than 200. */
	LIMIT_BUNDLE_CERTS = 256,
};

#endif
