// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading the module with libkmod, and explaining on stderr why that failed, or that a module of
 * another version is loaded.
 *
 * Depends on msg.c and text.c.
 */
#include "load.h"

#include <errno.h>
#include <libkmod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "msg.h"
#include "text.h"

/* Suppresses libkmod's own messages, which are less specific. */
static void ignore_log(void *data, int priority, const char *file, int line, const char *fn,
		       const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line, (void)fn, (void)format, (void)args;
}

static const char *kernel_release(void)
{
	static struct utsname names;

	return uname(&names) ? "this kernel" : names.release;
}

/* Get a value from the information in a module's file. Return: false if it does not have it. */
static bool read_info(struct kmod_module *mod, const char *key, char *text, size_t size)
{
	struct kmod_list *info = NULL, *entry;
	bool found = false;

	if (kmod_module_get_info(mod, &info) < 0)
		return false;
	kmod_list_foreach(entry, info) {
		if (strcmp(kmod_module_info_get_key(entry), key))
			continue;
		snprintf(text, size, "%s", kmod_module_info_get_value(entry));
		found = true;
	}
	kmod_module_info_free_list(info);
	return found;
}

/**
 * mu_is_locked_down() - check whether the kernel is locked down, as under Secure Boot
 *
 * The file has the current mode in brackets: "none [integrity] confidentiality".
 *
 * Return: true if it is.
 */
bool mu_is_locked_down(void)
{
	FILE *file = fopen(MU_LOCKDOWN_FILE, "re");
	char line[128] = "";

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	return strchr(line, '[') && !strstr(line, "[none]");
}

/* Return: the certificate of the key that DKMS signs modules with, on Ubuntu or elsewhere. */
static const char *dkms_certificate(void)
{
	static const char ubuntu[] = "/var/lib/shim-signed/mok/MOK.der";

	return access(ubuntu, F_OK) ? "/var/lib/dkms/mok.pub" : ubuntu;
}

/* A signature that is not trusted is refused like none: the module's file has the difference. */
static void explain_signature(struct kmod_module *mod, const char *name)
{
	char signature[64];

	if (read_info(mod, "sig_id", signature, sizeof(signature)))
		mu_warn("the key that %s is signed with is not trusted: if DKMS has signed it, run \"mokutil --import %s\", reboot, and enroll the key",
			name, dkms_certificate());
	else
		mu_warn("%s is not signed: install it with DKMS (the package memleak-user-dkms, or \"make dkms-install\"), which signs it; then run \"mokutil --import %s\", reboot, and enroll the key",
			name, dkms_certificate());
}

static void explain_refusal(struct kmod_module *mod, const char *name)
{
	if (geteuid() != 0) {
		mu_warn("you must be root to load the module");
	} else if (mu_is_locked_down()) {
		mu_warn("the kernel is locked down (%s, Secure Boot) and refuses to load %s, which is not signed with a trusted key",
			MU_LOCKDOWN_FILE, name);
		explain_signature(mod, name);
	} else {
		mu_warn("the kernel refuses to load %s: is module loading disabled (kernel.modules_disabled)?",
			name);
	}
}

static void explain_format(struct kmod_module *mod, const char *name)
{
	char kernel[128] = "";
	bool known = read_info(mod, "vermagic", kernel, sizeof(kernel));

	kernel[strcspn(kernel, " ")] = '\0';
	if (known && strcmp(kernel, kernel_release()))
		mu_warn("%s was not built for this kernel: it was built for %s, and this is %s",
			name, kernel, kernel_release());
	else
		mu_warn("%s is not a module that this kernel (%s) can load: see dmesg", name,
			kernel_release());
}

static void explain_error(struct kmod_module *mod, const char *name, int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		explain_refusal(mod, name);
		break;
	case EKEYREJECTED:
	case ENOKEY:
	case EBADMSG:
		mu_warn("the kernel accepts signed modules only (Secure Boot), and %s is not signed with a trusted key",
			name);
		explain_signature(mod, name);
		break;
	case ENOEXEC:
	case EINVAL:
		explain_format(mod, name);
		break;
	case ENOENT:
		if (access(kmod_module_get_path(mod) ?: "", R_OK))
			mu_warn("%s: %s", name, strerror(error));
		else
			mu_warn("%s needs symbols that this kernel (%s) does not have: see dmesg",
				name, kernel_release());
		break;
	default:
		mu_warn("cannot load %s: %s", name, strerror(error));
	}
}

static bool insert_module(struct kmod_module *mod, const char *name)
{
	int error = -kmod_module_probe_insert_module(mod, 0, NULL, NULL, NULL, NULL);

	if (!error || error == EEXIST)
		return true;
	explain_error(mod, name, error);
	return false;
}

static bool load_file(struct kmod_ctx *ctx, const char *file)
{
	char *name = mu_escape(file);
	struct kmod_module *mod;
	bool loaded = false;
	int error;

	error = -kmod_module_new_from_path(ctx, file, &mod);
	if (!error) {
		loaded = insert_module(mod, name);
		kmod_module_unref(mod);
	} else {
		mu_warn("%s: %s", name, strerror(error));
	}
	free(name);
	return loaded;
}

static bool load_installed(struct kmod_ctx *ctx)
{
	struct kmod_list *list = NULL;
	struct kmod_module *mod;
	bool loaded;

	if (kmod_module_new_from_lookup(ctx, MU_MODULE, &list) < 0 || !list) {
		mu_warn("the module %s is not installed for this kernel (%s): install it (the package memleak-user-dkms and the kernel's headers, or \"make install\"), or give its file with --module",
			MU_MODULE, kernel_release());
		return false;
	}
	mod = kmod_module_get_module(list);
	loaded = insert_module(mod, MU_MODULE);
	kmod_module_unref(mod);
	kmod_module_unref_list(list);
	return loaded;
}

/**
 * mu_module_load() - load the module
 * @file: the module; NULL: the file that MEMLEAK_USER_KO names, else the installed module
 *
 * Return: true if it is loaded now; a message is printed if not.
 */
bool mu_module_load(const char *file)
{
	struct kmod_ctx *ctx;
	bool loaded;

	if (geteuid() != 0) {
		mu_warn("you must be root to load the module");
		return false;
	}
	if (!file)
		file = getenv("MEMLEAK_USER_KO");
	ctx = kmod_new(NULL, NULL);
	if (!ctx) {
		mu_warn("cannot initialize libkmod: %s", strerror(errno));
		return false;
	}
	kmod_set_log_fn(ctx, ignore_log, NULL);
	loaded = file && *file ? load_file(ctx, file) : load_installed(ctx);
	kmod_unref(ctx);
	return loaded;
}

/**
 * mu_module_compare_version() - print a message if the loaded module is not of the tool's version
 *
 * As after an upgrade: the module that was loaded before goes on tracing. The tool uses it, since
 * the files of both have numbered formats.
 */
void mu_module_compare_version(void)
{
	FILE *file = fopen(MU_VERSION_FILE, "re");
	char version[64] = "";

	if (!file)
		return;
	if (fgets(version, sizeof(version), file))
		version[strcspn(version, "\n")] = '\0';
	fclose(file);
	if (*version && strcmp(version, MU_VERSION))
		mu_warn("the module %s is loaded in version %s, and this is version " MU_VERSION
			": to load the installed module, run \"rmmod %s\", which ends all tracing",
			MU_MODULE, version, MU_MODULE);
}
