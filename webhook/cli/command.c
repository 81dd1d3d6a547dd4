/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the command line: one table from which dispatch, usage and help come. */
#include "webhook/cli/command.h"

#include <string.h>

#include "base/log.h"

static const struct command commands[] = {
	{.name = "serve", .verb = VERB_SERVE, .run = cmd_serve, .synopsis = "--tls-cert FILE --tls-key FILE [OPTION]...",
	 .summary = "serve the webhook over HTTPS",
	 .example = "outrigger serve --listen 127.0.0.1:15017 --tls-cert certs/tls.crt --tls-key certs/tls.key"},
	{.name = "inject", .verb = VERB_INJECT, .run = cmd_inject, .synopsis = "-f FILE|DIR|- [OPTION]...",
	 .summary = "inject manifests offline and print them", .example = "outrigger inject -f pod.yaml"},
	{.name = "uninject", .verb = VERB_UNINJECT, .run = cmd_uninject, .synopsis = "-f FILE|DIR|- [OPTION]...",
	 .summary = "take out of manifests what injection added, and put back what it replaced",
	 .example = "outrigger inject -f pod.yaml | outrigger uninject -f -"},
	{.name = "diff", .verb = VERB_DIFF, .run = cmd_diff, .synopsis = "-f FILE|DIR|- [OPTION]...",
	 .summary = "show what injection would change in manifests", .example = "outrigger diff -f pod.yaml",
	 .exit_codes = "0 nothing would change, 1 something would, 2 it cannot be told"},
	{.name = "explain", .verb = VERB_EXPLAIN, .run = cmd_explain, .synopsis = "-f FILE|DIR|- | --labels KEY=VALUE,... [OPTION]...",
	 .summary = "say rule by rule what the webhook does with a pod, and why",
	 .example = "outrigger explain --labels app=web,sidecar.istio.io/inject=false -n shop"},
	{.name = "replay", .verb = VERB_REPLAY, .run = cmd_replay, .synopsis = "-f FILE|DIR|- [--to-inject-config FILE] [OPTION]...",
	 .summary = "put recorded requests to two configurations and show which pods change, and how",
	 .example = "outrigger replay -f reviews.jsonl --to-inject-config new-configmap.yaml",
	 .exit_codes = "0 nothing would change, 1 something would, 2 it cannot be told"},
	{.name = "guard", .verb = VERB_GUARD, .run = cmd_guard, .synopsis = "test -f FIXTURES... [OPTION]...",
	 .summary = "test the rules of guard.yaml with pods and the outcome they should have",
	 .example = "outrigger guard test --guard-config guard.yaml -f fixtures.yaml",
	 .exit_codes = "0 every outcome is as expected, 1 one is not, 2 it cannot be told"},
	{.name = "audit", .verb = VERB_AUDIT, .run = cmd_audit, .synopsis = "verify|query|report FILE... | key create|public [OPTION]...",
	 .summary = "prove an audit log, ask it, report on it", .example = "outrigger audit verify audit.log",
	 .exit_codes = "0 all of it holds, 1 something was found, 2 it cannot be told"},
	{.name = "config", .verb = VERB_CONFIG, .run = cmd_config, .synopsis = "check [OPTION]...",
	 .summary = "say what is wrong with the configuration, all of it, with file, line and remedy",
	 .example = "outrigger config check --istio-version 1.32",
	 .exit_codes = "0 nothing is wrong, 1 something is, 2 it cannot be told"},
	{.name = "check", .verb = VERB_CHECK, .run = cmd_check, .synopsis = "[OPTION]...",
	 .summary = "say why injection does not work in a cluster, or will stop to, from the API server to the kubelets",
	 .example = "outrigger check --kubeconfig admin.conf -n outrigger-system",
	 .exit_codes = "0 no error was found (warnings may have been), 1 errors were found, 2 the cluster could not be asked"},
	{.name = "certs", .verb = VERB_CERTS, .run = cmd_certs, .synopsis = "create --out DIR --host NAME... [OPTION]...",
	 .summary = "make a CA and a serving certificate", .example = "outrigger certs create --out certs --host 127.0.0.1 --host localhost"},
	{.name = "version", .verb = VERB_VERSION, .run = cmd_version, .synopsis = "", .summary = "print the version",
	 .example = "outrigger version"},
	{.name = "help", .verb = VERB_HELP, .run = cmd_help, .synopsis = "[COMMAND]", .summary = "explain a command",
	 .example = "outrigger help inject"},
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

void command_usage(FILE *to)
{
	(void)fprintf(to, "Usage: outrigger COMMAND [OPTION]...\n"
			  "Sidecar injection for Kubernetes: a mutating admission webhook that runs the cluster's own Istio templates.\n\n"
			  "Commands:\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		(void)fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
	(void)fprintf(to, "\n`outrigger help COMMAND` lists its options. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.\n");
}

void command_help(const struct command *c, FILE *to)
{
	(void)fprintf(to, "Usage: outrigger %s%s%s\n%c%s.\n\nOptions:\n", c->name, c->synopsis[0] ? " " : "", c->synopsis,
		c->summary[0] - 'a' + 'A', c->summary + 1);
	options_print(c->verb, to);
	if (c->exit_codes)
		(void)fprintf(to, "\nExit codes: %s.\n", c->exit_codes);
	(void)fprintf(to, "\nExample:\n  %s\n", c->example);
}

int cmd_help(const struct options *o, struct err *err)
{
	const struct command *c;

	if (o->n_rest == 0) {
		command_usage(stdout);
		return 0;
	}
	c = command_find(o->rest[0]);
	if (!c)
		return err_set(err, ERR_CONFIG, "unknown command '%.64s'; `outrigger help` lists them", o->rest[0]);
	command_help(c, stdout);
	return 0;
}

static int report(const struct command *c, const struct err *err)
{
	char text[sizeof(struct err) * 2];

	err_print(err, text, sizeof(text));
	(void)fprintf(stderr, "outrigger %s: %s\n", c->name, text);
	return err->code == ERR_CONFIG || c->exit_codes ? EXIT_USAGE : EXIT_FAILED;
}

/* A full disk or a closed pipe must not look like success. */
static int finish_output(struct err *err)
{
	if (fflush(stdout) == EOF || ferror(stdout))
		return err_set(err, ERR_IO, "cannot write to standard output");
	return 0;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	struct options options;
	struct err err = {0};
	int done = EXIT_OK;

	if (options_parse(c->verb, argc, argv, &options, &err) < 0) {
		const int code = report(c, &err);

		(void)fprintf(stderr, "Try `outrigger help %s`.\n", c->name);
		return code;
	}
	if (options.help)
		command_help(c, stdout);
	else
		done = c->run(&options, &err);
	return done < 0 || finish_output(&err) < 0 ? report(c, &err) : done;
}

int command_main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *c;

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	if (strcmp(name, "--version") == 0)
		name = "version";
	c = command_find(name);
	if (c)
		return run_command(c, argc - 2, argv + 2);
	if (name[0])
		(void)fprintf(stderr, "outrigger: unknown command '%.64s'\n", name);
	command_usage(stderr);
	return EXIT_USAGE;
}
