// Result<T>: a value or an Error; the only way a function of the farm says that something outside
// our control went wrong.  Values, never exceptions.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "farm/base/exit_code.h"

namespace farm {

enum class ErrorCode {
  kInvalidInput,   // bad bytes
  kMismatch,       // evidence contradicts
  kUntrusted,      // nobody we trust
  kUnavailable,    // try again
  kLimitExceeded,  // more than we take
  kNotFound,
  kInternal,  // our own bug
};

std::string_view Name(ErrorCode code);

// What went wrong, in words a user can act on: the thing, the field, what was expected, the remedy.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  // Set where DESIGN section 7 has a number of its own for this failure; otherwise Exit() maps
  // `code` (invalid input and limits 2, mismatch 22, untrusted 11, not found 22, unavailable 30,
  // internal 70).
  std::optional<ExitCode> exit = std::nullopt;

  ExitCode Exit() const;
};

// The same error with what *we* were doing before it: "importing zlib: " + message.
Error Wrap(std::string_view context, Error error);

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error)  // NOLINT(google-explicit-constructor): `return Error{...};` is the idiom.
      : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}
};

template <>
class [[nodiscard]] Result<void> : public tl::expected<void, Error> {
 public:
  using tl::expected<void, Error>::expected;
  Result() = default;
  Result(Error error)  // NOLINT(google-explicit-constructor)
      : tl::expected<void, Error>(tl::unexpect, std::move(error)) {}
};

using Status = Result<void>;

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: CHECK(%s) failed: a bug of ours; please report it\n", file, line,
               condition);
  std::abort();
}

}  // namespace farm

// Stops the program where our own reasoning was wrong.  Never for input.
#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) ::farm::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

#define FARM_CONCAT_INNER(a, b) a##b
#define FARM_CONCAT(a, b) FARM_CONCAT_INNER(a, b)

// Leaves the function with the error of `expression` (a Status or a Result<T>), if it has one.
#define RETURN_IF_ERROR(expression)                                                \
  do {                                                                             \
    if (auto farm_status = (expression); !farm_status) return farm_status.error(); \
  } while (false)

// ASSIGN_OR_RETURN(const Digest digest, ParseDigest(text));
#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_INNER(FARM_CONCAT(farm_result_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                   \
  if (!result) return std::move(result).error();                \
  declaration = *std::move(result)
