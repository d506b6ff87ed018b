# usage: mutate.py VECTORS DIRECTORY
# Writes releases with one thing changed, each into a folder of DIRECTORY as tests/support/verdict_case.h has them, from
# the release in tests/vectors/v1/evidence: bytes of each binary part, fields, lines, notes, root, policy and file.  The
# same every time.  Prints the vectors that verify.sh does not judge.
import base64
import copy
import json
import os
import random
import shutil
import sys

vectors, directory = sys.argv[1:]
chance = random.Random(20270115)

# The status, which verify.sh refuses, and what no verdict on a release reads: statements of other kinds, what a release
# carries in another form, memory and policies of other programs.  Every other vector is judged below, or a part of one.
NOT_JUDGED = {
    "approval-diff.json", "dissent.json", "groups.tlog-policy", "hello.tar.tlog-proof", "kit.json", "memory-logs.json",
    "memory.json", "record-failed.json", "replay.json", "root-file.tlog-policy", "site-location.json",
    "status-line.json", "status.json", "withdrawal.json",
}
judged = set()


def read(name):
    judged.add(name)
    with open(os.path.join(vectors, name), "rb") as file:
        return file.read()


BUNDLE, ROOT, POLICY, FILE = (read(name) for name in (
    "hello.tar.sigstore.jsonl", "root-file.json", "policy.json", "hello.tar"))
LINES = [json.loads(line) for line in BUNDLE.decode().splitlines()]
KINDS = ["release", "request", "intent", "record", "approval"]
made = set()


def write(name, bundle=BUNDLE, root=ROOT, policy=POLICY, file=FILE, file_name="hello.tar", allow=True, status=None):
    folder = os.path.join(directory, name.replace("/", "_"))
    assert folder not in made, name
    made.add(folder)
    os.makedirs(os.path.join(folder, "FILE"))
    for path, data in ((os.path.join("FILE", file_name), file), ("bundle", bundle), ("root.json", root),
                       ("policy.json", policy)):
        with open(os.path.join(folder, path), "wb") as out:
            out.write(data)
    if status is not None:
        with open(os.path.join(folder, "status.json"), "wb") as out:
            out.write(status)
    if allow:
        open(os.path.join(folder, "allow"), "wb").close()


def text(lines):
    return "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines).encode()


def get(value, path):
    for step in path:
        value = value[step]
    return value


def put(value, path, new):
    get(value, path[:-1])[path[-1]] = new


def flipped(data):
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1:]


def flipped_base64(value):
    return base64.b64encode(flipped(base64.b64decode(value))).decode()


def flipped_stamp(value, end):
    """What is stamped, or the signature and its attributes.  No signature covers the certificates between them: farm-verify
    takes them only as the root has them, where openssl refuses what it cannot read."""
    data = base64.b64decode(value)
    return base64.b64encode(data[:-300] + flipped(data[-300:]) if end else flipped(data[:190]) + data[190:]).decode()


ENTRY = ["verificationMaterial", "tlogEntries", 0]
PROOF = ENTRY + ["inclusionProof"]
NOTE = PROOF + ["checkpoint", "envelope"]


def binary_parts(line):
    parts = [["dsseEnvelope", "payload"], ["dsseEnvelope", "signatures", 0, "sig"], ENTRY + ["canonicalizedBody"],
             ENTRY + ["logId", "keyId"], PROOF + ["rootHash"],
             ["verificationMaterial", "timestampVerificationData", "rfc3161Timestamps", 0, "signedTimestamp"]]
    parts += [PROOF + ["hashes", i] for i in range(len(get(line, PROOF)["hashes"]))]
    if "certificate" in line["verificationMaterial"]:
        parts.append(["verificationMaterial", "certificate", "rawBytes"])
    return parts


def with_line(number, change):
    lines = copy.deepcopy(LINES)
    change(lines[number])
    return text(lines)


def paths(value, before=()):
    """Of every field of an object, however deep."""
    if isinstance(value, dict):
        for key in value:
            yield list(before) + [key]
            yield from paths(value[key], list(before) + [key])
    elif isinstance(value, list):
        for i, element in enumerate(value):
            yield from paths(element, list(before) + [i])


def bytes_of_lines():
    for number, line in enumerate(LINES):
        for part in binary_parts(line):
            name = f"byte-{KINDS[number]}-{'.'.join(map(str, part[-3:]))}"
            if part[-1] == "signedTimestamp":
                for turn in range(4):
                    write(f"{name}-{turn}", with_line(number, lambda bent, part=part, turn=turn: put(
                        bent, part, flipped_stamp(get(bent, part), turn % 2))))
                continue
            write(name, with_line(number, lambda bent, part=part: put(bent, part, flipped_base64(get(bent, part)))))


def notes():
    for number, line in ((0, LINES[0]), (3, LINES[3])):
        head, signed = get(line, NOTE).split("\n\n")
        signatures = signed.splitlines()
        rows = head.split("\n")
        variants = {"origin": ["x" + rows[0]] + rows[1:], "size": [rows[0], str(int(rows[1]) + 1), rows[2]],
                    "root": [rows[0], rows[1], flipped_base64(rows[2])], "extension": rows + ["more"]}
        for name, bent in variants.items():
            write(f"note-{KINDS[number]}-{name}", with_line(
                number, lambda value, bent=bent: put(value, NOTE, "\n".join(bent) + "\n\n" + signed)))
        for i, signature in enumerate(signatures):
            dash, who, value = signature.split(" ")
            for name, rest in (("without", []), ("byte", [f"{dash} {who} {flipped_base64(value)}"]),
                               ("twice", [signature, signature]), ("name", [f"{dash} x{who} {value}"])):
                if number > 0 and name in ("twice", "name"):
                    continue
                bent = signatures[:i] + rest + signatures[i + 1:]
                write(f"note-{KINDS[number]}-{i}-{name}", with_line(number, lambda value, bent=bent: put(
                    value, NOTE, head + "\n\n" + "".join(row + "\n" for row in bent))))
    write("note-reversed", with_line(0, lambda value: put(value, NOTE, get(value, NOTE).split("\n\n")[0] + "\n\n" + "".join(
        row + "\n" for row in reversed(get(value, NOTE).split("\n\n")[1].splitlines())))))


def snake(name):
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def other_names():
    """protobuf's second name of a field, beside the first and in its place."""
    for number in (1, 3):
        for path in paths(LINES[number]):
            if not isinstance(path[-1], str) or snake(path[-1]) == path[-1] or (number == 1 and path[-1] != "publicKey"):
                continue
            name, value = ".".join(map(str, path)), get(LINES[number], path)
            write(f"twin-{name}", with_line(number, lambda bent, path=path, value=value: put(
                bent, path[:-1] + [snake(path[-1])], value)))
            write(f"twin-alone-{name}", with_line(number, lambda bent, path=path: put(
                bent, path[:-1] + [snake(path[-1])], get(bent, path[:-1]).pop(path[-1]))))
    for number, path in ((3, ["message_signature"]), (3, ["verificationMaterial", "x509_certificate_chain"]),
                         (1, ["verificationMaterial", "publicKey", "raw_bytes"]), (3, ENTRY + ["integrated_time"]),
                         (3, ENTRY + ["inclusion_promise"])):
        write(f"twin-of-none-{path[-1]}", with_line(number, lambda bent, path=path: put(bent, path, None)))
    loose = copy.deepcopy(LINES)  # nobody's fields
    loose[3]["log_index"] = loose[3]["verificationMaterial"]["more_of_it"] = 7
    write("twin-of-nothing-here", text(loose))


def fields():
    for number in (1, 3):
        for path in paths(LINES[number]):
            name = f"field-{KINDS[number]}-{'.'.join(map(str, path))}"
            write(name + "-gone", with_line(number, lambda bent, path=path: get(bent, path[:-1]).pop(path[-1])))
            if number == 1:
                continue
            other = chance.choice([7, None]) if isinstance(get(LINES[number], path), str) else "text"
            write(name + "-retyped", with_line(number, lambda bent, path=path, other=other: put(bent, path, other)))
    for path in (["mediaType"], ["dsseEnvelope", "payload"], PROOF + ["treeSize"], NOTE):
        line = json.dumps(LINES[3], separators=(",", ":"), ensure_ascii=False)
        field = json.dumps(path[-1]) + ":" + json.dumps(get(LINES[3], path), ensure_ascii=False)
        assert field in line
        lines = [json.dumps(other, separators=(",", ":"), ensure_ascii=False) for other in LINES]
        lines[3] = line.replace(field, field + "," + field, 1)
        write(f"doubled-{path[-1]}", "".join(row + "\n" for row in lines).encode())
    for number, other in ((3, 0), (1, 4), (2, 0)):
        for path in (["dsseEnvelope"], ["dsseEnvelope", "signatures"], ["verificationMaterial"],
                     ["verificationMaterial", "timestampVerificationData"], ENTRY, PROOF):
            write(f"swapped-{KINDS[number]}-{KINDS[other]}-{path[-1]}-{len(path)}", with_line(
                number, lambda bent, path=path, other=other: put(bent, path, get(LINES[other], path))))
    loose = copy.deepcopy(LINES)
    loose[3]["another"] = {"field": [1, None]}
    loose[3]["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "7"
    write("fields-of-others", text(loose))
    write("fields-in-another-order", "".join(json.dumps(line, sort_keys=True, indent=None) + "\n" for line in LINES).encode())
    url = LINES[0]["dsseEnvelope"]["signatures"][0]["sig"]
    write("base64url", with_line(0, lambda bent: put(bent, ["dsseEnvelope", "signatures", 0, "sig"],
                                                     url.replace("+", "-").replace("/", "_"))))
    write("base64-without-padding", with_line(0, lambda bent: put(bent, ["dsseEnvelope", "payload"],
                                                                 LINES[0]["dsseEnvelope"]["payload"].rstrip("="))))


def whole_lines():
    rows = [row + "\n" for row in BUNDLE.decode().splitlines()]
    for i, kind in enumerate(KINDS):
        write(f"lines-without-{kind}", "".join(rows[:i] + rows[i + 1:]).encode())
        write(f"lines-{kind}-twice", "".join(rows + [rows[i]]).encode())
    write("lines-another-order", "".join([rows[0]] + rows[:0:-1]).encode())
    write("lines-release-last", "".join(rows[1:] + rows[:1]).encode())
    write("lines-none", b"")
    write("lines-one-empty", (BUNDLE + b"\n"))
    write("lines-cut-off", BUNDLE[:-1])
    write("lines-carriage-returns", BUNDLE.replace(b"\n", b"\r\n"))
    write("lines-not-utf8", BUNDLE.replace(b'"keyid":"', b'"keyid":"\xff', 1))
    write("lines-an-array", b"[" + BUNDLE.replace(b"\n", b",\n")[:-2] + b"]\n")


def others():
    for turn in range(12):
        write(f"root-byte-{turn}", root=flipped(ROOT))
    for turn in range(6):
        write(f"policy-byte-{turn}", policy=flipped(POLICY))
    root, policy = json.loads(ROOT), json.loads(POLICY)
    for key in policy:
        write(f"policy-without-{key}", policy=json.dumps({k: v for k, v in policy.items() if k != key}).encode())
        if isinstance(policy[key], int) and not isinstance(policy[key], bool):
            write(f"policy-more-{key}", policy=json.dumps({**policy, key: policy[key] + 1}).encode())
            write(f"policy-none-{key}", policy=json.dumps({**policy, key: 0}).encode())
    write("policy-another-field", policy=json.dumps({**policy, "more": 1}).encode())
    write("policy-country", policy=json.dumps({**policy, "countriesAny": ["XA"]}).encode())
    write("policy-another-country", policy=json.dumps({**policy, "countriesAny": ["CH"]}).encode())
    write("policy-refuses-development", policy=json.dumps({**policy, "refuseDevelopmentRoot": True}).encode())
    write("root-unsigned", root=json.dumps({**root, "signatures": []}).encode())
    write("root-signed-twice", root=json.dumps({**root, "signatures": root["signatures"] * 2}).encode())
    write("root-without-spaces", root=json.dumps(root, separators=(",", ":")).encode())
    write("root-of-others", root=read("root-2.json"))
    write("development-not-allowed", allow=False)
    write("file-byte", file=flipped(FILE))
    write("file-longer", file=FILE + b"x")
    write("file-empty", file=b"")
    write("file-renamed", file_name="hello.tar.gz")
    write("as-made")


def later():
    """What the second format of policies asks for, and what comes after a release."""
    policy = json.loads(read("policy-2.json"))
    auditor = json.loads(ROOT)["signed"]["auditors"][0]["key"]
    write("policy-2", policy=read("policy-2.json"))
    for key in sorted(policy.keys() - json.loads(POLICY).keys()):
        write(f"policy-2-without-{key}", policy=json.dumps({k: v for k, v in policy.items() if k != key}).encode())
    for name, asks in (("diff-approvals", {"diffApprovals": True}), ("status", {"statusMaxAgeSeconds": 3600}),
                       ("certifiers", {"certifiedCountries": True}),
                       ("replays", {"replays": 1, "replayers": [{"key": auditor, "name": "replayer"}]})):
        write(f"policy-2-{name}", policy=json.dumps({**policy, **asks}).encode())
    write("root-of-others-watched", root=read("root-watched.json"))
    write("status-beside-the-root", status=read("status-line.json"))


def check_vectors():
    """None is forgotten: each is judged whole, or is a part of the release, or is known not to be judged."""
    proof = get(LINES[0], NOTE)
    parts = {f"{kind}.json": base64.b64decode(line["dsseEnvelope"]["payload"]) + b"\n" for kind, line in zip(KINDS, LINES)}
    parts["manifest.json"] = json.loads(parts["release.json"])["predicate"]["manifest"].encode() + b"\n"
    parts["request-line.jsonl"] = BUNDLE.splitlines(keepends=True)[1]
    parts["leaf.json"] = base64.b64decode(get(LINES[1], ENTRY)["canonicalizedBody"]) + b"\n"
    parts["release.note"] = proof.encode()
    whole = judged - {"status-line.json"}
    for name, part in parts.items():
        assert read(name) == part, f"{name} is not the release's"
    for one, other in ((whole, set(parts)), (whole, NOT_JUDGED), (set(parts), NOT_JUDGED)):
        assert not one & other, one & other
    assert whole | set(parts) | NOT_JUDGED == set(os.listdir(vectors)), "a vector that is nowhere named, or not there"


shutil.rmtree(directory, ignore_errors=True)
for group in (bytes_of_lines, notes, fields, whole_lines, others, later, other_names):
    group()
check_vectors()
print("\n".join(sorted(NOT_JUDGED)))
