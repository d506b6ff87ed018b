#pragma once

#include <cstddef>
#include <string_view>

#include "sandbox/layers.h"

namespace sandbox {

// Of the tests' build only: which layers are left out. The product contains neither this text nor
// the code that reads it (tests/attacks/layers_test looks).
constexpr std::size_t kLayers = static_cast<std::size_t>(Layer::kCount);
constexpr std::string_view kLeaveOutOption = "--leave-out";

// In the order of Layer.
constexpr std::string_view kLayerNames[] = {
    "pid_namespace",
    "net_namespace",
    "ipc_namespace",
    "stage_ipc_namespace",
    "uts_namespace",
    "cgroup_namespace",
    "time_namespace",
    "host_root_detached",
    "read_only_root",
    "root_overlay",
    "no_suid_mounts",
    "no_device_mounts",
    "read_only_binds",
    "few_devices",
    "read_only_devices",
    "own_proc",
    "host_proc_detached",
    "proc_mask",
    "init_arguments_wiped",
    "init_untraceable",
    "init_capabilities",
    "callers_id_hidden",
    "hostname_set",
    "assembly_namespace",
    "close_descriptors",
    "empty_environment",
    "new_session",
    "umask_set",
    "capabilities_dropped",
    "no_new_privileges",
    "inside_ids",
    "landlock_domain",
    "seccomp_filter",
    "rlimits_set",
    "cgroup_limits",
    "watchdog_limits",
    "cpu_limit",
    "wall_limit",
    "silence_limit",
    "log_limit",
    "output_limit",
    "disk_limit",
    "disk_measure",
    "kill_at_end",
    "die_with_launcher",
    "output_types",
    "output_links",
    "output_hard_links",
    "output_names",
    "output_modes",
    "output_resolve",
    "output_over_nothing",
    "check_capabilities",
    "check_sealed",
    "monitor_owner",
    "host_root_refused",
    "verify_walls",
    "verify_namespaces",
    "verify_id_map",
};
static_assert(sizeof kLayerNames / sizeof kLayerNames[0] == kLayers);

// From now on, in this process and its forks.
void LeaveOut(Layer layer);
void LeaveOutNothing();

// Takes each leading "--leave-out LAYER" of a program's words. False: no such layer.
bool TakeLeaveOut(int* argc, char*** argv);

}  // namespace sandbox
