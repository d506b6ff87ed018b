#include <curl/curl.h>

#include <memory>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/mutex.h"
#include "farm/client/http.h"

namespace farm {
namespace {

// Status line and headers of one answer together.
constexpr std::size_t kHeadersBytesMax = 64 << 10;

struct CurlFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// Before the first handle, once in the program.
void StartLibrary() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(started == CURLE_OK);
}

// Where an address ends and the path begins: "http://host:port" and "/prefix".
struct ParsedUrl {
  std::string origin;
  std::string prefix;
};

Result<ParsedUrl> ParseUrl(const std::string& url) {
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorCode::kInvalidInput, "not a URL: " + Printable(url, 80) + why};
  };
  const std::size_t scheme_end = url.find("://");
  const std::string scheme = url.substr(0, scheme_end == std::string::npos ? 0 : scheme_end);
  if (scheme != "http" && scheme != "https") {
    return refuse(", want http://host:port or https://host");
  }
  const std::size_t path = url.find('/', scheme_end + 3);
  ParsedUrl parsed{url.substr(0, path), path == std::string::npos ? "" : url.substr(path)};
  while (parsed.prefix.ends_with("/")) parsed.prefix.pop_back();
  if (parsed.origin.size() == scheme_end + 3) return refuse(": no host");
  const std::unique_ptr<CURLU, CurlFree> read(curl_url());
  CHECK(read);
  if (curl_url_set(read.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return refuse("");
  return parsed;
}

// What comes back, as far as it is taken.
struct Answer {
  std::size_t bytes_max = 0;
  std::size_t headers = 0;  // bytes of them
  std::string body;
  bool too_long = false;
};

std::size_t TakeHeader(char*, std::size_t size, std::size_t count, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  answer.headers += size * count;
  answer.too_long = answer.too_long || answer.headers > kHeadersBytesMax;
  return answer.too_long ? 0 : size * count;
}

std::size_t TakeBody(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  if (size * count > answer.bytes_max - answer.body.size()) {
    answer.too_long = true;
    return 0;
  }
  answer.body.append(bytes, size * count);
  return size * count;
}

}  // namespace

struct HttpClient::State {
  State(std::string u, std::string p, std::string origin_and_prefix, const HttpDeadlines& deadlines)
      : url(std::move(u)),
        peer(std::move(p)),
        start(std::move(origin_and_prefix)),
        handle(curl_easy_init()) {
    CHECK(handle);
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_PROXY, "");  // no variable of the environment comes in between
    Set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    Set(CURLOPT_TCP_NODELAY, 1L);
    Set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(deadlines.connect.count()));
    Set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    Set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(deadlines.silence.count()));
    Set(CURLOPT_TIMEOUT, static_cast<long>(deadlines.total.count()));
    Set(CURLOPT_HTTP09_ALLOWED, 0L);
    Set(CURLOPT_HEADERFUNCTION, &TakeHeader);
    Set(CURLOPT_WRITEFUNCTION, &TakeBody);
    Set(CURLOPT_ERRORBUFFER, reason);
  }

  template <typename T>
  void Set(CURLoption option, T value) {
    CHECK(curl_easy_setopt(handle.get(), option, value) == CURLE_OK);
  }

  // `body` null: GET.
  Result<HttpReply> Send(const std::string& path, const std::string* body,
                         const std::string& content_type, std::size_t bytes_max) {
    MutexLock lock(mutex);
    Set(CURLOPT_URL, (start + path).c_str());
    std::unique_ptr<curl_slist, CurlFree> headers;
    if (body == nullptr) {
      Set(CURLOPT_HTTPGET, 1L);
    } else {
      Set(CURLOPT_POST, 1L);
      Set(CURLOPT_POSTFIELDS, body->data());
      Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
      headers.reset(curl_slist_append(nullptr, ("Content-Type: " + content_type).c_str()));
      // Nobody is asked whether he would take it: what is sent is small.
      CHECK(headers && curl_slist_append(headers.get(), "Expect:") != nullptr);
    }
    Set(CURLOPT_HTTPHEADER, headers.get());
    auto reply = SendOnce(path, body == nullptr ? "GET" : "POST", bytes_max);
    // The server may have closed the idle connection just now.  All our requests can be repeated.
    // Who was too slow once is not waited for again.
    if (!reply && reply.error().code == ErrorCode::kUnavailable && !timed_out) {
      reply = SendOnce(path, body == nullptr ? "GET" : "POST", bytes_max);
    }
    Set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    return reply;
  }

  Result<HttpReply> SendOnce(const std::string& path, const std::string& method,
                             std::size_t bytes_max) {
    Answer answer{.bytes_max = bytes_max, .headers = 0, .body = {}, .too_long = false};
    Set(CURLOPT_HEADERDATA, &answer);
    Set(CURLOPT_WRITEDATA, &answer);
    reason[0] = '\0';
    const CURLcode code = curl_easy_perform(handle.get());
    timed_out = code == CURLE_OPERATION_TIMEDOUT;
    if (answer.too_long) {
      return Error{ErrorCode::kLimitExceeded, peer + " at " + url + ": " + path +
                                                  " has more than " + std::to_string(bytes_max) +
                                                  " bytes, or more than " +
                                                  std::to_string(kHeadersBytesMax) + " of headers"};
    }
    if (code != CURLE_OK) {
      return Error{ErrorCode::kUnavailable,
                   peer + " at " + url + ": no answer to " + method + " " + path + " (" +
                       Printable(reason[0] != '\0' ? reason : curl_easy_strerror(code), 200) +
                       "); check that it runs and that the address is right",
                   ExitCode::kUnavailable};
    }
    long status = 0;
    const char* content_type = nullptr;
    CHECK(curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    CHECK(curl_easy_getinfo(handle.get(), CURLINFO_CONTENT_TYPE, &content_type) == CURLE_OK);
    return HttpReply{static_cast<int>(status), content_type == nullptr ? "" : content_type,
                     std::move(answer.body), false};
  }

  const std::string url;
  const std::string peer;
  const std::string start;  // of every URL that is asked for
  Mutex mutex;              // one request at a time
  const std::unique_ptr<CURL, CurlFree> handle;
  char reason[CURL_ERROR_SIZE] = "";
  bool timed_out = false;
};

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;
const std::string& HttpClient::url() const { return state_->url; }
const std::string& HttpClient::peer() const { return state_->peer; }

Result<HttpClient> HttpClient::Open(const std::string& url, const std::string& peer,
                                    const HttpDeadlines& deadlines) {
  StartLibrary();
  auto parsed = ParseUrl(url);
  if (!parsed) return Wrap(peer, parsed.error());
  return HttpClient(std::make_unique<State>(url, peer, parsed->origin + parsed->prefix, deadlines));
}

Result<HttpReply> HttpClient::Get(const std::string& path, std::size_t bytes_max) {
  return state_->Send(path, nullptr, "", bytes_max);
}

Result<HttpReply> HttpClient::Post(const std::string& path, const std::string& body,
                                   const std::string& content_type, std::size_t bytes_max) {
  return state_->Send(path, &body, content_type, bytes_max);
}

}  // namespace farm
