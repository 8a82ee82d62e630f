faults.o: xen-core/traps/faults.cpp xen-core/base/hidden.h \
 xen-core/traps/entry.h xen-core/traps/bounce.h \
 xen-core/arch/x86_64/guest_access.h \
 xen-core/arch/x86_64/exception_table.h xen-core/arch/x86_64/smap.h \
 xen-core/base/types.h xen-core/arch/x86_64/instructions.h \
 xen-core/domain/domain.h xen-core/domain/authority.h \
 xen-core/base/lock.h xen-core/base/lock_rank.h xen-core/base/result.h \
 xen-core/pv_mmu/pv_mmu_host.h xen-core/memory/account.h \
 xen-core/memory/translation_users.h xen-core/arch/x86_64/tlb.h \
 xen-core/domain/pirqs.h xen-core/arch/x86_64/interrupts.h \
 xen-core/events/event_interfaces.h xen-core/domain/range_set.h \
 xen-core/domain/vcpu.h xen-core/domain/pv_cpu_state.h \
 xen-core/arch/x86_64/cpu_local.h xen-core/arch/x86_64/register_frame.h \
 xen-core/arch/x86_64/descriptor_windows.h \
 xen-core/arch/x86_64/page_table_entry.h \
 xen-core/arch/x86_64/segment_descriptor.h \
 xen-core/arch/x86_64/segments.h xen-core/arch/x86_64/msr.h \
 xen-core/events/event_channel.h xen-core/memory/allocator.h \
 xen-core/memory/frame.h xen-core/base/log.h xen-core/memory/guest_copy.h \
 xen-core/arch/x86_64/layout.h xen-core/schedule/scheduler.h \
 xen-core/schedule/run_queue.h xen-core/schedule/sched_entity.h \
 xen-core/base/list.h xen-core/schedule/affinity.h \
 xen-core/schedule/sched_group.h xen-core/schedule/vcpu_timers.h \
 xen-core/schedule/timer_queue.h xen-core/events/event_table.h \
 xen-core/base/work_budget.h xen-core/grants/grant_table.h \
 xen-core/grants/grant_entry.h xen-core/grants/maptrack.h \
 xen-core/pv_mmu/pv_mmu.h xen-core/memory/frame_table.h \
 xen-core/pv_mmu/flush_debt.h xen-core/traps/vectors.h \
 xen-core/traps/privileged.h xen-core/traps/instruction.h
xen-core/base/hidden.h:
xen-core/traps/entry.h:
xen-core/traps/bounce.h:
xen-core/arch/x86_64/guest_access.h:
xen-core/arch/x86_64/exception_table.h:
xen-core/arch/x86_64/smap.h:
xen-core/base/types.h:
xen-core/arch/x86_64/instructions.h:
xen-core/domain/domain.h:
xen-core/domain/authority.h:
xen-core/base/lock.h:
xen-core/base/lock_rank.h:
xen-core/base/result.h:
xen-core/pv_mmu/pv_mmu_host.h:
xen-core/memory/account.h:
xen-core/memory/translation_users.h:
xen-core/arch/x86_64/tlb.h:
xen-core/domain/pirqs.h:
xen-core/arch/x86_64/interrupts.h:
xen-core/events/event_interfaces.h:
xen-core/domain/range_set.h:
xen-core/domain/vcpu.h:
xen-core/domain/pv_cpu_state.h:
xen-core/arch/x86_64/cpu_local.h:
xen-core/arch/x86_64/register_frame.h:
xen-core/arch/x86_64/descriptor_windows.h:
xen-core/arch/x86_64/page_table_entry.h:
xen-core/arch/x86_64/segment_descriptor.h:
xen-core/arch/x86_64/segments.h:
xen-core/arch/x86_64/msr.h:
xen-core/events/event_channel.h:
xen-core/memory/allocator.h:
xen-core/memory/frame.h:
xen-core/base/log.h:
xen-core/memory/guest_copy.h:
xen-core/arch/x86_64/layout.h:
xen-core/schedule/scheduler.h:
xen-core/schedule/run_queue.h:
xen-core/schedule/sched_entity.h:
xen-core/base/list.h:
xen-core/schedule/affinity.h:
xen-core/schedule/sched_group.h:
xen-core/schedule/vcpu_timers.h:
xen-core/schedule/timer_queue.h:
xen-core/events/event_table.h:
xen-core/base/work_budget.h:
xen-core/grants/grant_table.h:
xen-core/grants/grant_entry.h:
xen-core/grants/maptrack.h:
xen-core/pv_mmu/pv_mmu.h:
xen-core/memory/frame_table.h:
xen-core/pv_mmu/flush_debt.h:
xen-core/traps/vectors.h:
xen-core/traps/privileged.h:
xen-core/traps/instruction.h:
