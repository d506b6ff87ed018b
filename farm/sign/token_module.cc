#include "farm/sign/token_module.h"

#include <dlfcn.h>

#include <map>

#include "farm/base/bytes.h"
#include "farm/base/mutex.h"

namespace farm {
namespace {

constexpr CK_BYTE kMajorVersion = 2;  // of the functions that C_GetFunctionList gives, in 3.x too

// How many TokenModules there are of each module of this process.
struct Uses {
  Mutex mutex;
  std::map<CK_FUNCTION_LIST*, int> count GUARDED_BY(mutex);
};

Uses& ProcessUses() {
  static Uses uses;
  return uses;
}

Status Initialize(CK_FUNCTION_LIST* functions, const std::string& path) {
  Uses& uses = ProcessUses();
  MutexLock lock(uses.mutex);
  if (uses.count[functions] == 0) {
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;  // several threads call
    if (const CK_RV code = functions->C_Initialize(&arguments); code != CKR_OK) {
      return Error{ErrorCode::kUnavailable,
                   "PKCS#11 module " + path + " does not start: " + TokenAnswer(code) +
                       "; its maker's manual says what it needs (for SoftHSM: SOFTHSM2_CONF names "
                       "its configuration, whose folder of tokens this user may read)"};
    }
  }
  ++uses.count[functions];
  return {};
}

// Text fields of fixed length end with spaces.
std::string Unpadded(const unsigned char* field, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(field), size);
  text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
  return text;
}

}  // namespace

Result<TokenModule> TokenModule::Load(const std::string& path) {
  // It stays loaded: threads of its own may outlive its last user.
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* const reason = dlerror();
    return Error{ErrorCode::kUnavailable,
                 "PKCS#11 module " + path + " cannot be loaded: " +
                     Printable(reason != nullptr ? reason : "no reason given", 300) +
                     "; install the library of the token's maker (SoftHSM: apt-get install "
                     "libsofthsm2), or correct module-path"};
  }
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (get == nullptr || get(&functions) != CKR_OK || functions == nullptr ||
      functions->version.major != kMajorVersion) {
    return Error{ErrorCode::kInvalidInput,
                 path + ": not a PKCS#11 module of version 2; correct module-path"};
  }
  RETURN_IF_ERROR(Initialize(functions, path));
  return TokenModule(functions);
}

TokenModule::~TokenModule() {
  if (functions_ == nullptr) return;
  Uses& uses = ProcessUses();
  MutexLock lock(uses.mutex);
  if (--uses.count[functions_] == 0) functions_->C_Finalize(nullptr);
}

Result<std::vector<TokenModule::Slot>> TokenModule::Slots() const {
  CK_ULONG count = kSlotsMax;
  std::vector<CK_SLOT_ID> ids(count);
  const CK_RV code = functions_->C_GetSlotList(CK_TRUE, ids.data(), &count);
  if (code == CKR_BUFFER_TOO_SMALL) {
    return Error{ErrorCode::kLimitExceeded,
                 "the PKCS#11 module has more than " + std::to_string(kSlotsMax) + " tokens"};
  }
  if (code != CKR_OK) {
    return Error{ErrorCode::kUnavailable,
                 "the PKCS#11 module does not list its tokens: " + TokenAnswer(code)};
  }
  ids.resize(count);
  std::vector<Slot> slots;
  for (const CK_SLOT_ID id : ids) {
    CK_TOKEN_INFO info{};
    // A token may have been pulled out since.
    if (functions_->C_GetTokenInfo(id, &info) != CKR_OK) continue;
    if ((info.flags & CKF_TOKEN_INITIALIZED) == 0) continue;
    slots.push_back({id, info.flags, Unpadded(info.label, sizeof info.label),
                     Unpadded(info.serialNumber, sizeof info.serialNumber)});
  }
  return slots;
}

std::string TokenAnswer(CK_RV code) {
  static const std::map<CK_RV, std::string_view> kNames = {
      {CKR_HOST_MEMORY, "CKR_HOST_MEMORY"},
      {CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID"},
      {CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR"},
      {CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED"},
      {CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD"},
      {CKR_ATTRIBUTE_SENSITIVE, "CKR_ATTRIBUTE_SENSITIVE"},
      {CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID"},
      {CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR"},
      {CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY"},
      {CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED"},
      {CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED"},
      {CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID"},
      {CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT"},
      {CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED"},
      {CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID"},
      {CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID"},
      {CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT"},
      {CKR_PIN_INVALID, "CKR_PIN_INVALID"},
      {CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE"},
      {CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED"},
      {CKR_PIN_LOCKED, "CKR_PIN_LOCKED"},
      {CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED"},
      {CKR_SESSION_COUNT, "CKR_SESSION_COUNT"},
      {CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID"},
      {CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT"},
      {CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED"},
      {CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN"},
      {CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED"},
      {CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN"},
      {CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED"},
      {CKR_CRYPTOKI_ALREADY_INITIALIZED, "CKR_CRYPTOKI_ALREADY_INITIALIZED"},
  };
  const auto found = kNames.find(code);
  if (found != kNames.end()) return std::string(found->second);
  return "PKCS#11 error " + std::to_string(code);
}

}  // namespace farm
