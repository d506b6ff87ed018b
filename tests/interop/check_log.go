// Opens our checkpoints and checks our proofs with the Go team's transparency-log library; then each of them with one
// thing changed, which must be refused.
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

// Copies of the hashes with a byte of one of them changed, one hash less, one hash more, two hashes exchanged.
func bend(proof []tlog.Hash) (all [][]tlog.Hash) {
	for i := range proof {
		for _, at := range []int{0, 15, 31} {
			bent := append([]tlog.Hash{}, proof...)
			bent[i][at] ^= 1
			all = append(all, bent)
		}
		if i > 0 && proof[i] != proof[i-1] {
			bent := append([]tlog.Hash{}, proof...)
			bent[i], bent[i-1] = bent[i-1], bent[i]
			all = append(all, bent)
		}
	}
	if len(proof) > 0 {
		all = append(all, proof[1:], proof[:len(proof)-1])
	}
	return append(all, append(append([]tlog.Hash{}, proof...), tlog.Hash{}))
}

func main() {
	data, err := os.ReadFile(os.Args[1])
	must(err)
	var in log
	must(json.Unmarshal(data, &in))
	verifier, err := note.NewVerifier(in.VerifierKey)
	must(err)
	if len(in.Lines) == 0 || len(in.Consistency) == 0 {
		must(fmt.Errorf("nothing to check"))
	}
	refused := 0
	refuse := func(what string, err error) {
		if err == nil {
			must(fmt.Errorf("accepted: %s", what))
		}
		refused++
	}
	open := func(bytes []byte) error {
		_, err := note.Open(bytes, note.VerifierList(verifier))
		return err
	}
	for i, line := range in.Lines {
		must(open([]byte(line.Note)))
		for at := 0; at < len(line.Note) && line.Note[at:at+2] != "\n\n"; at++ {
			bent := []byte(line.Note)
			bent[at] ^= 1
			refuse(fmt.Sprintf("note %d, byte %d", i, at), open(bent))
		}
		root, leaf, proof := hash(line.Root), tlog.RecordHash(bytesOf(line.Body)), hashes(line.Hashes)
		must(tlog.CheckRecord(proof, line.Size, root, line.Index, leaf))
		for _, bent := range bend(proof) {
			refuse("another proof", tlog.CheckRecord(bent, line.Size, root, line.Index, leaf))
		}
		refuse("another index", tlog.CheckRecord(proof, line.Size, root, line.Index-1, leaf))
		refuse("the size as index", tlog.CheckRecord(proof, line.Size, root, line.Size, leaf))
		refuse("twice the size", tlog.CheckRecord(proof, 2*line.Size, root, line.Index, leaf))
		leaf[0] ^= 1
		refuse("another leaf", tlog.CheckRecord(proof, line.Size, root, line.Index, leaf))
		leaf[0] ^= 1
		root[31] ^= 1
		refuse("another root", tlog.CheckRecord(proof, line.Size, root, line.Index, leaf))
	}
	release := in.Lines[0]
	root := hash(release.Root)
	for _, proof := range in.Consistency {
		old, path := hash(proof.OldRoot), hashes(proof.Hashes)
		must(tlog.CheckTree(path, release.Size, root, proof.OldSize, old))
		for _, bent := range bend(path) {
			refuse("another consistency proof", tlog.CheckTree(bent, release.Size, root, proof.OldSize, old))
		}
		refuse("another old size", tlog.CheckTree(path, release.Size, root, proof.OldSize-1, old))
		old[0] ^= 1
		refuse("another old root", tlog.CheckTree(path, release.Size, root, proof.OldSize, old))
		old[0] ^= 1
		bent := root
		bent[0] ^= 1
		refuse("another new root", tlog.CheckTree(path, release.Size, bent, proof.OldSize, old))
	}
	fmt.Printf("go sumdb: %d checkpoints and inclusion proofs, %d consistency proofs; refused %d changed ones\n",
		len(in.Lines), len(in.Consistency), refused)
}
