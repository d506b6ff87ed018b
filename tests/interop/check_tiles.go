// Reads a log of ours as the Go team's transparency-log library reads one: the checkpoint, every tile, proofs made from
// the tiles alone; then each of them with one thing changed, which must be refused.
// usage: go run check_tiles.go LOG_DIRECTORY KEY_FILE (GOPATH mode, Debian's golang-golang-x-mod-dev)
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // C2SP tlog-tiles: 256 hashes

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "check_tiles:", err)
		os.Exit(1)
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	must(err)
	return data
}

// The tiles of a directory; Go's own paths say tile/8/L/N where C2SP says tile/L/N.
type directory struct {
	path  string
	read  map[string]bool
	bent  string // path of a tile of which a byte is changed
	where int
}

func (d *directory) Height() int { return height }

func path(tile tlog.Tile) string { return strings.Replace(tile.Path(), "tile/8/", "tile/", 1) }

func (d *directory) ReadTiles(tiles []tlog.Tile) (all [][]byte, err error) {
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(d.path, path(tile)))
		if err != nil {
			return nil, err
		}
		d.read[path(tile)] = true
		if path(tile) == d.bent {
			data[d.where%len(data)] ^= 1
		}
		all = append(all, data)
	}
	return all, nil
}

func (d *directory) SaveTiles([]tlog.Tile, [][]byte) {}

// One past the end of the checkpoint's three lines.
func parse(text string) tlog.Tree {
	lines := strings.Split(text, "\n")
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + lines[1] + "\n" + lines[2] + "\n"))
	must(err)
	return tree
}

// The leaves of the entry bundles: big-endian uint16 length, leaf, repeated.
func entries(log string, size int64) (leaves [][]byte) {
	for n := int64(0); n*256 < size; n++ {
		name := fmt.Sprintf("tile/entries/%03d", n)
		if width := size - n*256; width < 256 {
			name += fmt.Sprintf(".p/%d", width)
		}
		data := read(filepath.Join(log, name))
		for len(data) > 0 {
			length := int(data[0])<<8 | int(data[1])
			leaves = append(leaves, data[2:2+length])
			data = data[2+length:]
		}
	}
	return leaves
}

// All leaf hashes and a proof for every 37th leaf and size, from tiles that the tree's hash vouches for.
func check(log string, tree tlog.Tree, tiles *directory, leaves [][]byte) error {
	reader := tlog.TileHashReader(tree, tiles)
	indexes := make([]int64, tree.N)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, int64(i))
	}
	hashes, err := reader.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i, hash := range hashes {
		if hash != tlog.RecordHash(leaves[i]) {
			return fmt.Errorf("entry %d is not the leaf of its tile", i)
		}
	}
	for i := int64(0); i < tree.N; i += 37 {
		proof, err := tlog.ProveRecord(tree.N, i, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, i, hashes[i]); err != nil {
			return err
		}
		if i == 0 {
			continue
		}
		old, err := tlog.TreeHash(i, reader)
		if err != nil {
			return err
		}
		consistency, err := tlog.ProveTree(tree.N, i, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(consistency, tree.N, tree.Hash, i, old); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	log := os.Args[1]
	verifier, err := note.NewVerifier(string(read(os.Args[2])))
	must(err)
	checkpoint := read(filepath.Join(log, "checkpoint"))
	opened, err := note.Open(checkpoint, note.VerifierList(verifier))
	must(err)
	refused := 0
	refuse := func(what string, err error) {
		if err == nil {
			must(fmt.Errorf("accepted: %s", what))
		}
		refused++
	}
	// Every byte of the text, and of the signature that the library knows.
	covered := bytes.Index(checkpoint, []byte("\n\n")) + 1
	signature := bytes.Index(checkpoint, []byte("\n\n")) + 2
	signature += bytes.IndexByte(checkpoint[signature:], '\n') - 1
	for i := 0; i < covered; i++ {
		bent := append([]byte{}, checkpoint...)
		bent[i] ^= 1
		_, err := note.Open(bent, note.VerifierList(verifier))
		refuse(fmt.Sprintf("checkpoint, byte %d", i), err)
	}
	for i := signature - 80; i < signature-2; i++ {
		bent := append([]byte{}, checkpoint...)
		if bent[i] == 'A' {
			bent[i] = 'B'
		} else {
			bent[i] = 'A'
		}
		_, err := note.Open(bent, note.VerifierList(verifier))
		refuse(fmt.Sprintf("checkpoint, byte %d", i), err)
	}
	tree := parse(opened.Text)
	leaves := entries(log, tree.N)
	tiles := &directory{path: log, read: map[string]bool{}}
	must(check(log, tree, tiles, leaves))
	for name := range tiles.read {
		for _, where := range []int{0, 31, 4000, 8191} {
			refuse(fmt.Sprintf("%s, byte %d", name, where),
				check(log, tree, &directory{path: log, read: map[string]bool{}, bent: name, where: where}, leaves))
		}
	}
	changed := append([][]byte{}, leaves...)
	changed[500] = append([]byte("x"), changed[500]...)
	refuse("another entry", check(log, tree, &directory{path: log, read: map[string]bool{}}, changed))
	bent := tree
	bent.Hash[0] ^= 1
	refuse("tiles under another root", check(log, bent, &directory{path: log, read: map[string]bool{}}, leaves))
	if len(tiles.read) != 4 || len(leaves) != 700 {
		must(fmt.Errorf("%d tiles and %d entries, want 4 and 700", len(tiles.read), len(leaves)))
	}
	fmt.Printf("go sumdb: a checkpoint, %d tiles, %d entries; refused %d changed ones\n", len(tiles.read), len(leaves), refused)
}
