#pragma once

namespace sandbox {

// The protections, each at the one place in the code that asks LeftOut. The product never leaves
// one out: there LeftOut is a constant and the compiler removes the question. The build for
// tests/attacks/layers_test (//sandbox:sandbox-with-holes) leaves out what holes.h was told, so
// that for each layer there is an attack which this layer stops. User and mount namespaces are not
// here: without them nothing can be set up at all.
enum class Layer {
  // What the command is in.
  kPidNamespace,
  kNetNamespace,
  kIpcNamespace,
  kStageIpcNamespace,
  kUtsNamespace,
  kCgroupNamespace,
  kTimeNamespace,
  // What it sees.
  kHostRootDetached,
  kReadOnlyRoot,
  kRootOverlay,
  kNoSuidMounts,
  kNoDeviceMounts,
  kReadOnlyBinds,
  kFewDevices,
  kReadOnlyDevices,
  kOwnProc,
  kHostProcDetached,
  kProcMask,
  kInitArgumentsWiped,
  kInitUntraceable,
  kInitCapabilities,
  kCallersIdHidden,
  kHostname,
  kAssemblyRoom,
  // What it is started with.
  kCloseDescriptors,
  kEmptyEnvironment,
  kNewSession,
  kUmask,
  kCapabilities,
  kNoNewPrivileges,
  kInsideIds,
  kLandlock,
  kSeccomp,
  // What it may use.
  kRlimits,
  kCgroup,
  kWatchdog,
  kCpuLimit,
  kWallLimit,
  kSilenceLimit,
  kLogLimit,
  kOutputLimit,
  kDiskLimit,
  kDiskMeasure,
  kKillAtEnd,
  kDieWithLauncher,
  // What comes out.
  kOutputTypes,
  kOutputLinks,
  kOutputHardLinks,
  kOutputNames,
  kOutputModes,
  kOutputResolve,
  kOutputOverNothing,
  // Who else runs.
  kCheckCapabilities,
  kCheckSealed,
  kMonitorOwner,
  kHostRootRefused,
  // The launcher's own looks at the walls.
  kVerifyWalls,
  kVerifyNamespaces,
  kVerifyIdMap,
  kCount
};

#ifdef SANDBOX_WITH_HOLES
bool LeftOut(Layer layer);
#else
consteval bool LeftOut(Layer) { return false; }
#endif

}  // namespace sandbox
