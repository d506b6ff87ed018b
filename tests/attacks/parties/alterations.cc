#include "tests/attacks/parties/alterations.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"

namespace farm {
namespace {

using Pointer = Json::json_pointer;

// A line of a question by its number: request, intent, records, approvals.
class Numbered {
 public:
  explicit Numbered(Question& question) {
    lines_ = {&question.request_line, &question.intent_line};
    for (std::string& line : question.record_lines) lines_.push_back(&line);
    first_approval_ = lines_.size();
    for (std::string& line : question.approval_lines) lines_.push_back(&line);
  }
  std::size_t size() const { return lines_.size(); }
  std::string& operator[](std::size_t index) { return *lines_[index]; }
  std::string Name(std::size_t index) const {
    if (index == 0) return "request line";
    if (index == 1) return "intent line";
    if (index < first_approval_) return "record line " + std::to_string(index - 1);
    return "approval line " + std::to_string(index - first_approval_ + 1);
  }

 private:
  std::vector<std::string*> lines_;
  std::size_t first_approval_ = 0;
};

// What a question says: the order of records and approvals, and an approval that stands there
// twice, say nothing.
std::string MeaningOf(const Altered& altered) {
  std::vector<std::string> records = altered.question.record_lines;
  std::sort(records.begin(), records.end());
  std::set<std::string> approvals(altered.question.approval_lines.begin(),
                                  altered.question.approval_lines.end());
  std::string text = std::to_string(altered.epoch) + "\n" + altered.question.manifest + "\n" +
                     altered.question.request_line + "\n" + altered.question.intent_line;
  for (const std::string& record : records) text += "\nrecord " + record;
  for (const std::string& approval : approvals) text += "\napproval " + approval;
  return text;
}

// As far as anybody asks: the key id is a hint, and of a token what its authority signed counts.
bool SaysTheSame(const std::string& text, const std::string& good_text, const Material& material) {
  const auto line = ParseBundleLine(text, "altered line");
  const auto good = ParseBundleLine(good_text, "good line");
  CHECK(good.has_value());
  if (!line || line->envelope.payload_type != good->envelope.payload_type ||
      line->envelope.payload != good->envelope.payload ||
      line->envelope.signature != good->envelope.signature ||
      line->certificate != good->certificate || line->public_key != good->public_key ||
      !line->timestamp || !line->log_entry) {
    return false;
  }
  const LogEntry& a = *line->log_entry;
  const LogEntry& b = *good->log_entry;
  if (a.index != b.index || a.tree_size != b.tree_size || a.root != b.root ||
      a.hashes != b.hashes || a.checkpoint != b.checkpoint ||
      a.canonicalized_body != b.canonicalized_body || a.log_id != b.log_id) {
    return false;
  }
  const auto time = material.token_time(*line);
  return time && *time == *material.token_time(*good);
}

// Hands on what is new, until there is enough.
class Sink {
 public:
  using Receiver = std::function<void(const Altered&)>;
  Sink(const Material& material, Share share, std::size_t count, const Receiver& take,
       const Receiver& take_same)
      : material_(material),
        share_(share),
        good_(material.good.ToQuestion()),
        left_(count),
        take_(take),
        take_same_(take_same) {
    seen_.insert(Sha256(MeaningOf({"", "", good_, 1})));
    Question question = good_;
    Numbered lines(question);
    for (std::size_t i = 0; i < lines.size(); ++i) good_lines_.push_back(lines[i]);
  }
  const Question& good() const { return good_; }
  bool full() const { return left_ == 0; }
  void Add(const Altered& altered) {
    if (full() || !seen_.insert(Sha256(MeaningOf(altered))).second || !IsMine()) return;
    --left_;
    take_(altered);
  }
  // One line is another text.
  void TakeLine(const std::string& kind, std::size_t number, const std::string& what,
                const std::string& text) {
    if (full() || text == LineText(number)) return;
    const std::string place = std::to_string(number) + "\n";
    if (!seen_.insert(Sha256(place + text)).second || !IsMine()) return;
    Altered altered{kind, "", good_, 1};
    Numbered lines(altered.question);
    altered.what = lines.Name(number) + ": " + what;
    const bool same = SaysTheSame(text, lines[number], material_);
    lines[number] = text;
    if (!same) --left_;
    (same ? take_same_ : take_)(altered);
  }
  std::size_t lines() const { return good_lines_.size(); }
  const std::string& LineText(std::size_t number) const { return good_lines_[number]; }

 private:
  bool IsMine() { return number_++ % share_.parts == share_.part; }

  const Material& material_;
  const Share share_;
  const Question good_;
  std::vector<std::string> good_lines_;
  std::size_t number_ = 0;
  std::size_t left_;
  const Receiver& take_;
  const Receiver& take_same_;
  std::set<Digest> seen_;
};

// ---- JSON --------------------------------------------------------------------------------------

void CollectPointers(const Json& json, const Pointer& at, std::vector<Pointer>& pointers) {
  if (!at.empty()) pointers.push_back(at);
  if (json.is_object()) {
    for (const auto& item : json.items()) CollectPointers(item.value(), at / item.key(), pointers);
  } else if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i) CollectPointers(json[i], at / i, pointers);
  }
}

struct Variant {
  std::string what;
  Json json;
};

Json Retyped(const Json& value) {
  if (value.is_object()) return Json::array({value});
  if (value.is_array()) return value.empty() ? Json("") : value[0];
  if (value.is_string()) return 7;
  return "7";
}

// Other values of the same type.
std::vector<Json> Others(const Json& value) {
  if (value.is_boolean()) return {Json(!value.get<bool>())};
  if (value.is_number()) {
    const auto number = value.get<std::int64_t>();
    return {Json(number + 1), Json(number - 1), Json(-number - 1)};
  }
  if (value.is_array()) {
    std::vector<Json> others = {Json::array()};
    if (!value.empty()) {
      Json longer = value;
      longer.push_back(value[0]);
      others.push_back(std::move(longer));
    }
    if (value.size() > 1) {
      Json turned = value;
      std::swap(turned[0], turned[1]);
      others.push_back(std::move(turned));
    }
    return others;
  }
  if (!value.is_string()) return {};
  const auto text = value.get<std::string>();
  std::vector<Json> others = {Json(""), Json(text + "0")};
  if (text.empty()) return others;
  for (const std::size_t at : {std::size_t{0}, text.size() / 2, text.size() - 1}) {
    std::string changed = text;
    changed[at] = changed[at] == 'A' ? 'B' : changed[at] == '1' ? '2' : 'A';
    if (changed[at] == 'A' && text.find_first_not_of("0123456789abcdef") == std::string::npos) {
      changed[at] = text[at] == 'a' ? 'b' : 'a';
    }
    others.push_back(changed);
  }
  return others;
}

// Everything that can be done to each value in `json`.
std::vector<Variant> VariantsOf(const Json& json) {
  std::vector<Pointer> pointers;
  CollectPointers(json, Pointer(), pointers);
  std::vector<Variant> variants;
  for (const Pointer& at : pointers) {
    const std::string name = at.to_string();
    Json removed = json;
    Json& parent = removed[at.parent_pointer()];
    if (parent.is_object()) {
      parent.erase(at.back());
    } else {
      parent.erase(std::stoul(at.back()));
    }
    variants.push_back({name + " removed", std::move(removed)});
    Json retyped = json;
    retyped[at] = Retyped(json[at]);
    variants.push_back({name + " of another type", std::move(retyped)});
    Json nothing = json;
    nothing[at] = nullptr;
    variants.push_back({name + " null", std::move(nothing)});
    for (const Json& other : Others(json[at])) {
      Json changed = json;
      changed[at] = other;
      variants.push_back({name + " changed", std::move(changed)});
    }
  }
  return variants;
}

void AlterJson(Sink& sink) {
  for (std::size_t number = 0; number < sink.lines(); ++number) {
    const std::string text = sink.LineText(number);
    const Json json = Json::parse(text);
    for (const Variant& variant : VariantsOf(json)) {
      sink.TakeLine("json", number, variant.what, variant.json.dump());
    }
    for (const auto& item : json.items()) {
      const std::string field = Json(item.key()).dump() + ":" + item.value().dump();
      sink.TakeLine("json", number, item.key() + " twice", "{" + field + "," + text.substr(1));
    }
  }
}

// ---- what is said ------------------------------------------------------------------------------

Bundle LineOf(const std::string& text) {
  auto line = ParseBundleLine(text, "good line");
  CHECK(line.has_value());
  return *std::move(line);
}

void AlterStatements(const Material& material, Sink& sink) {
  for (std::size_t number = 0; number < sink.lines(); ++number) {
    const Bundle good = LineOf(sink.LineText(number));
    std::size_t turn = 0;
    for (const Variant& variant : VariantsOf(Json::parse(good.envelope.payload))) {
      const std::string payload = variant.json.dump();
      Bundle unsigned_line = good;
      unsigned_line.envelope.payload = payload;
      sink.TakeLine("statement", number, variant.what, WriteBundleLine(unsigned_line));
      // A signature costs more than the rest of it.
      if (++turn % 4 != 0) continue;
      Bundle own = material.sign_as_coordinator(payload);
      own.timestamp = good.timestamp;
      own.log_entry = good.log_entry;
      sink.TakeLine("statement", number, variant.what + ", signed by the coordinator",
                    WriteBundleLine(own));
      sink.TakeLine("statement", number, variant.what + ", signed by a stranger",
                    WriteBundleLine(material.sign_as_stranger(good, payload)));
    }
  }
}

void AlterManifest(Sink& sink) {
  const std::string& good = sink.good().manifest;
  const auto take = [&](const std::string& what, const std::string& bytes) {
    Altered altered{"manifest", "manifest: " + what, sink.good(), 1};
    altered.question.manifest = bytes;
    sink.Add(altered);
  };
  for (const Variant& variant : VariantsOf(Json::parse(good))) {
    take(variant.what, variant.json.dump());
  }
  for (std::size_t at = 0; at < good.size(); at += 5) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    take("byte " + std::to_string(at), changed);
  }
  take("empty", "");
  take("a newline more", good + "\n");
  take("half of it", good.substr(0, good.size() / 2));
}

// ---- lines -------------------------------------------------------------------------------------

void AlterLines(Sink& sink) {
  const auto change = [&](const std::string& what, const std::function<void(Question&)>& how) {
    Altered altered{"lines", what, sink.good(), 1};
    how(altered.question);
    sink.Add(altered);
  };
  for (std::size_t a = 0; a < sink.lines(); ++a) {
    sink.TakeLine("lines", a, "empty", "");
    sink.TakeLine("lines", a, "twice in one", sink.LineText(a) + sink.LineText(a));
    sink.TakeLine("lines", a, "a newline more", sink.LineText(a) + "\n{}");
    sink.TakeLine("lines", a, "half of it",
                  sink.LineText(a).substr(0, sink.LineText(a).size() / 2));
    for (std::size_t b = 0; b < sink.lines(); ++b) {
      sink.TakeLine("lines", a, "is line " + std::to_string(b), sink.LineText(b));
      change("lines " + std::to_string(a) + " and " + std::to_string(b) + " change places",
             [&](Question& question) {
               Numbered lines(question);
               std::swap(lines[a], lines[b]);
             });
    }
    change("line " + std::to_string(a) + " is also a record",
           [&](Question& question) { question.record_lines.push_back(sink.LineText(a)); });
    change("line " + std::to_string(a) + " is also an approval",
           [&](Question& question) { question.approval_lines.push_back(sink.LineText(a)); });
  }
  for (std::size_t i = 0; i < sink.good().record_lines.size(); ++i) {
    change("record " + std::to_string(i) + " dropped", [&](Question& question) {
      question.record_lines.erase(question.record_lines.begin() + static_cast<std::ptrdiff_t>(i));
    });
    change("only record " + std::to_string(i),
           [&](Question& question) { question.record_lines = {question.record_lines[i]}; });
  }
  for (std::size_t i = 0; i < sink.good().approval_lines.size(); ++i) {
    change("only approval " + std::to_string(i),
           [&](Question& question) { question.approval_lines = {question.approval_lines[i]}; });
  }
  change("no records", [](Question& question) { question.record_lines.clear(); });
  change("no approvals", [](Question& question) { question.approval_lines.clear(); });
  change("as many records as there may be, and one", [](Question& question) {
    question.record_lines.resize(kPartiesMax + 1, question.record_lines[0]);
  });
}

void Replay(const Material& material, Sink& sink) {
  for (std::size_t other = 0; other < material.others.size(); ++other) {
    Question replayed = material.others[other].ToQuestion();
    Numbered theirs(replayed);
    const std::string of = " of attempt " + std::to_string(other);
    for (std::size_t a = 0; a < sink.lines(); ++a) {
      for (std::size_t b = 0; b < theirs.size(); ++b) {
        sink.TakeLine("replay", a, "is the " + theirs.Name(b) + of, theirs[b]);
      }
    }
    // Any part of the other attempt for the same part of this one, but not all that names the
    // build: a whole attempt is a question of its own.
    for (unsigned parts = 1; parts < 31; ++parts) {
      if (parts == 2 || parts == 4) continue;  // one line: above
      Altered altered{"replay", "parts " + std::to_string(parts) + of, sink.good(), 1};
      if ((parts & 1) != 0) altered.question.manifest = replayed.manifest;
      if ((parts & 2) != 0) altered.question.request_line = replayed.request_line;
      if ((parts & 4) != 0) altered.question.intent_line = replayed.intent_line;
      if ((parts & 8) != 0) altered.question.record_lines = replayed.record_lines;
      if ((parts & 16) != 0) altered.question.approval_lines = replayed.approval_lines;
      const bool whole = MeaningOf({"", "", replayed, 1}) == MeaningOf(altered);
      if (!whole) sink.Add(altered);
    }
  }
}

void AlterIntentsAndEpochs(const Material& material, Sink& sink) {
  for (std::size_t i = 0; i < material.intents.size(); ++i) {
    sink.TakeLine("intent", 1, "own intent " + std::to_string(i),
                  WriteBundleLine(material.intents[i]));
  }
  for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{1} << 53, UINT64_MAX}) {
    sink.Add({"epoch", "epoch " + std::to_string(epoch), sink.good(), epoch});
  }
}

// ---- bytes -------------------------------------------------------------------------------------

// The binary parts of a line, by where they stand as base64.
std::vector<Pointer> BinaryParts(const Json& line) {
  std::vector<Pointer> pointers;
  std::vector<Pointer> all;
  CollectPointers(line, Pointer(), all);
  for (const Pointer& at : all) {
    if (!line[at].is_string()) continue;
    const auto text = line[at].get<std::string>();
    if (text.size() >= 32 && Base64Decode(text)) pointers.push_back(at);
  }
  return pointers;
}

// Byte after byte of every part of every line, with steps so wide that all parts get their turn.
void FlipBytes(Sink& sink) {
  constexpr std::array<std::size_t, 3> kSteps = {7, 3, 1};
  for (const std::size_t step : kSteps) {
    for (std::size_t number = 0; number < sink.lines(); ++number) {
      const Json json = Json::parse(sink.LineText(number));
      for (const Pointer& at : BinaryParts(json)) {
        const std::string bytes = *Base64Decode(json[at].get<std::string>());
        for (std::size_t i = 0; i < bytes.size() && !sink.full(); i += step) {
          std::string changed = bytes;
          changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
          Json altered = json;
          altered[at] = Base64Encode(changed);
          sink.TakeLine("bytes", number, at.to_string() + " byte " + std::to_string(i),
                        altered.dump());
        }
      }
    }
  }
}

}  // namespace

void ForEachAlteration(const Material& material, Share share, std::size_t count,
                       const std::function<void(const Altered&)>& take,
                       const std::function<void(const Altered&)>& take_same) {
  Sink sink(material, share, count, take, take_same);
  AlterLines(sink);
  AlterIntentsAndEpochs(material, sink);
  Replay(material, sink);
  AlterManifest(sink);
  AlterJson(sink);
  AlterStatements(material, sink);
  FlipBytes(sink);
  CHECK(sink.full());
}

}  // namespace farm
