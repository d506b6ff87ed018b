// Opens our checkpoints and checks our proofs with the Go team's transparency-log library.
// usage: go run check_log.go log.json (GOPATH mode, Debian's golang-golang-x-mod-dev)
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type log struct {
	VerifierKey string
	Lines       []struct {
		Body, Note, Root string
		Hashes           []string
		Index, Size      int64
	}
	Consistency []struct {
		Hashes  []string
		OldRoot string
		OldSize int64
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "check_log:", err)
		os.Exit(1)
	}
}

func bytesOf(text string) []byte {
	bytes, err := base64.StdEncoding.DecodeString(text)
	must(err)
	return bytes
}

func hash(text string) (h tlog.Hash) {
	copy(h[:], bytesOf(text))
	return h
}

func hashes(texts []string) (list []tlog.Hash) {
	for _, text := range texts {
		list = append(list, hash(text))
	}
	return list
}

func main() {
	data, err := os.ReadFile(os.Args[1])
	must(err)
	var in log
	must(json.Unmarshal(data, &in))
	verifier, err := note.NewVerifier(in.VerifierKey)
	must(err)
	for _, line := range in.Lines {
		_, err := note.Open([]byte(line.Note), note.VerifierList(verifier))
		must(err)
		leaf := tlog.RecordHash(bytesOf(line.Body))
		must(tlog.CheckRecord(hashes(line.Hashes), line.Size, hash(line.Root), line.Index, leaf))
		leaf[0] ^= 1
		if tlog.CheckRecord(hashes(line.Hashes), line.Size, hash(line.Root), line.Index, leaf) == nil {
			must(fmt.Errorf("another leaf was accepted"))
		}
	}
	release := in.Lines[0]
	for _, proof := range in.Consistency {
		must(tlog.CheckTree(hashes(proof.Hashes), release.Size, hash(release.Root), proof.OldSize,
			hash(proof.OldRoot)))
	}
	if len(in.Lines) == 0 || len(in.Consistency) == 0 {
		must(fmt.Errorf("nothing to check"))
	}
	fmt.Printf("go sumdb: %d checkpoints and inclusion proofs, %d consistency proofs\n",
		len(in.Lines), len(in.Consistency))
}
