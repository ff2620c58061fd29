#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# sites.sh MODULE: prints the allocation sites of a module's file, one per line, for fault_inject.c:
#
#	site PHASE SECTION OFFSET CALLEE FUNCTION
#
# OFFSET (hexadecimal) is that of the instruction after the call, the return address that a stack
# contains. A site is printed once for each phase from whose roots its function is reached by direct
# calls, with the phase "none" if there is no such root. What cannot be classified is printed as
# "unknown WHAT".
set -euo pipefail
# The lists contain patterns, which must not be expanded to file names.
set -f

# Functions that may allocate, of the kernel and of the module itself. For those of the module, each
# call is a site, so that all callers are tested.
allocating="
__kmalloc_cache_noprof __kmalloc_noprof __kmalloc_large_noprof __kvmalloc_node_noprof
kmem_cache_alloc_noprof __kmem_cache_create_args pcpu_alloc_noprof krealloc_noprof kmemdup_nul
memdup_user_nul kmemdup_noprof alloc_workqueue single_open seq_open __seq_open_private
proc_mkdir_mode proc_create debugfs_create_dir debugfs_create_file debugfs_create_file_unsafe dentry_open kernel_read
access_process_vm mmu_notifier_get_locked kstrdup filp_open vm_mmap tracepoint_probe_register
rhashtable_init_noprof rhashtable_insert_slow rht_bucket_nested_insert
uprobe_register uprobe_unregister_nosync

mlu_mem_zalloc mlu_pool_init mlu_pool_alloc mlu_pool_alloc_slowly mlu_call_alloc new_record mlu_epoch_new
mlu_inflight_new mlu_stacks_intern mlu_mapping_new mlu_dso_get mlu_selection_new mlu_session_new
mlu_request_new mlu_uses_new mlu_names_get mlu_target_new mlu_target_new_spare mlu_group_new
mlu_procfs_open mlu_debugfs_open
mlu_mapping_new_whole mlu_descendants_add mlu_maps_table_new mlu_sites_new mlu_mark_new mlu_snapshot_new
"

# Symbols that do not allocate, or whose failure has no effect.
harmless="
atomic_dec_and_mutex_lock call_rcu filp_close for_each_kernel_tracepoint llist_* numa_node string_unescape
tracepoint_probe_unregister tracepoint_srcu vm_munmap rcu_trace_* synchronize_srcu
BUG_func USER_PTR_MAX __SCT__* __asan_* __cpu_online_mask __cpu_possible_mask __fentry__ __flush_workqueue __fortify_panic
__fput_sync __get_task_comm __get_user_nocheck_8 __init_swait_queue_head __init_work __kasan_check_* __list_*_or_report __might_*
__mmap_lock_do_trace_* __mmdrop __mutex_init __per_cpu_offset __put_task_struct
__raw_spin_lock_init __rb_erase_color __rb_insert_augmented __rcu_read_* __seq_puts __stack_chk_fail __tracepoint_* __ubsan_handle_*
__wake_up __warn_printk __x86_* _ctype _find_next_bit _printk _raw_spin_* _totalram_pages
backing_file_user_path bsearch byte_rev_table cancel_delayed_work_sync cancel_work_sync complete_all const_pcpu_hot
copy_from_user_nofault d_path debug_lock* debugfs_remove delayed_work_timer_fn destroy_work* down_* file_ns_capable
dynamic_might_resched find_get_pid find_pid_ns find_vma find_vpid finish_wait flush_work fput free_percpu get_random_bytes get_random_u64
get_task_mm init_pid_ns init_user_ns init_timer_key init_wait_entry int_sqrt jiffies kfree kmalloc_caches
kmem_cache_destroy kmem_cache_free jiffies64_to_nsecs kstrtouint kstrtoull ktime_get __msecs_to_jiffies kvfree kvfree_call_rcu
lock_acquire lock_is_held_type lock_release lockdep_* memchr memcmp memcpy memset mmput
mmu_notifier_put mmu_notifier_synchronize module_put proc_remove security_locked_down mutex_lock* mutex_unlock nr_cpu_ids
param_ops_bool param_ops_uint pcpu_hot pid_nr_ns pid_task preempt_schedule* prepare_to_wait_event put_pid pv_ops
queue_work_on rb_erase rb_first_postorder rb_insert_color rb_next rb_next_postorder rcu_barrier rcu_is_watching refcount_dec_and_mutex_lock rcu_lock_map rcu_read_lock_held refcount_warn_saturate
queue_delayed_work_on queue_work_on rb_next rcu_barrier rcu_is_watching refcount_dec_and_mutex_lock rcu_lock_map rcu_read_lock_held refcount_warn_saturate
rhashtable_destroy rht_bucket_nested schedule schedule_timeout scnprintf seq_lseek
seq_printf seq_put_decimal_* seq_putc seq_read seq_release seq_release_private seq_write single_release sized_strscpy
skip_spaces snprintf sort
strchr strcmp strlen strncmp strnlen strrchr synchronize_rcu system_*wq task_active_pid_ns this_cpu_off trace_hardirqs_*
try_module_get up_* uprobe_unregister_sync vfs_getattr vscnprintf
wait_for_completion_killable_timeout
"

# The roots of each phase: functions that are called from the kernel, or by a function pointer,
# which the disassembly does not show.
roots="
handlers on_entry on_entry_executed on_free on_free_executed on_return on_named on_named_return
exits on_entry_with_exits on_entry_with_exits_executed on_exit on_leave
late mlu_late_exits_work
groups parse_object mlu_open_as_mapped mlu_follow_prepare mlu_follow_open mlu_follow_all mlu_follow_complete refill_group_work on_fork
refused refuse_process
learning mlu_maps_resolve_work dso_read_work image_read walk_all refill_work
notifier watch_invalidate watch_release
libraries poll_targets_work
readers report_open reader_open reader_start reader_next stats_open stats_show control_show control_open
commands control_write parse_targets mark_targets mlu_detach mlu_target_new_epoch
attach control_write parse_attach mlu_attach watch_alloc mlu_debugfs_add_target mlu_maps_resolve_work dso_read_work image_read
insmod init_module
"

unknown()
{
	local name pattern

	# shellcheck disable=SC2086 # patterns are words
	nm -u "$1" | while read -r _ name; do
		for pattern in $allocating $harmless; do
			# shellcheck disable=SC2053 # on purpose a pattern
			[[ $name == $pattern ]] && continue 2
		done
		echo "unknown $name"
	done
}

sites()
{
	objdump -dr --no-show-raw-insn "$1" | awk -v allocating="$allocating" -v roots="$roots" '
	function plain(hex) {
		sub(/^0+/, "", hex)
		return hex == "" ? "0" : hex
	}

	# A PC-relative distance counts from the end of its four bytes, so 4 has been subtracted.
	function behind(hex,   i, value) {
		for (i = 1; i <= length(hex); i++)
			value = value * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
		return sprintf("%x", value + 4)
	}

	# Records the pending call; the address is that of the next instruction.
	function end_call(address) {
		if (kind == "")
			return
		calls++
		call_kind[calls] = kind
		call_from[calls] = current
		call_to[calls] = callee
		call_return[calls] = section " " address
		kind = ""
	}

	function wanted(callee) {
		return (callee in name_of ? name_of[callee] : callee) in allocates
	}

	function reach(id,   i) {
		if (id in reached)
			return
		reached[id] = 1
		for (i = 1; i <= nr_out[id]; i++)
			if (out[id, i] in name_of)
				reach(out[id, i])
	}

	function print_site(phase, i,   to) {
		to = call_to[i] in name_of ? name_of[call_to[i]] : call_to[i]
		if (call_kind[i] == "jmp")
			print "unknown jump to " to " in " name_of[call_from[i]]
		else
			print "site", phase, call_return[i], to, name_of[call_from[i]]
	}

	BEGIN {
		n = split(allocating, word)
		for (i = 1; i <= n; i++)
			allocates[word[i]] = 1
	}

	/^Disassembly of section / {
		section = $4
		sub(/:$/, "", section)
		next
	}

	/^[0-9a-f]+ <.*>:$/ {
		end_call(plain($1))
		name = substr($2, 2, length($2) - 3)
		if (name ~ /^__pfx_/)
			next
		current = section ":" plain($1)
		name_of[current] = name
		ids[name] = ids[name] " " current
		next
	}

	/^ *[0-9a-f]+:\t/ {
		address = $1
		sub(/:$/, "", address)
		end_call(plain(address))
		if ($2 == "call" || $2 == "jmp") {
			kind = $2
			callee = section ":" plain($3)
		}
		next
	}

	# A relocation names the target of the call: a symbol, or an offset in a section.
	kind != "" && /R_X86_64_P(LT|C)32/ {
		callee = $3
		sub(/-0x4$/, "", callee)
		if (callee ~ /^\.[^+]*\+0x/) {
			split(callee, place, /[+]0x/)
			callee = place[1] ":" behind(place[2])
		}
	}

	END {
		for (i = 1; i <= calls; i++) {
			if (call_to[i] in ids)
				call_to[i] = substr(ids[call_to[i]], 2)
			# A jump that does not lead to the start of a function stays within its own.
			if (call_to[i] ~ /^\.[^*]*$/ && call_kind[i] == "call" && !(call_to[i] in name_of))
				print "unknown call to " call_to[i] " in " name_of[call_from[i]]
			id = call_from[i]
			out[id, ++nr_out[id]] = call_to[i]
		}
		n = split(roots, line, "\n")
		for (l = 1; l <= n; l++) {
			words = split(line[l], word, " ")
			split("", reached)
			for (w = 2; w <= words; w++) {
				if (!(word[w] in ids))
					print "unknown root " word[w]
				nr = split(ids[word[w]], id_list, " ")
				for (i = 1; i <= nr; i++)
					reach(id_list[i])
			}
			for (i = 1; i <= calls; i++)
				if (wanted(call_to[i]) && call_from[i] in reached) {
					print_site(word[1], i)
					known[i] = 1
				}
		}
		for (i = 1; i <= calls; i++)
			if (wanted(call_to[i]) && !known[i])
				print_site("none", i)
	}'
}

unknown "$1"
sites "$1"
