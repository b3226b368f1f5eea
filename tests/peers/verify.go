// SPDX-License-Identifier: Apache-2.0

// Verify holds a log of saqta against golang.org/x/mod/sumdb, which others wrote: signatures, tree, tiles and proofs.
//
//	verify export DIR [WITNESS_VKEY]       the whole folder, every entry; the checkpoint also signed by the witness
//	verify grown OLD_CHECKPOINT DIR        the folder's log grew out of that of the checkpoint
//	verify proof FILE VKEY                 a C2SP tlog-proof
//	verify request FILE OLD_CHECKPOINT VKEY  the consistency proof for a witness
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "verify: %s: %v\n", what, err)
		os.Exit(1)
	}
}

func demand(holds bool, format string, args ...interface{}) {
	if !holds {
		fmt.Fprintf(os.Stderr, "verify: "+format+"\n", args...)
		os.Exit(1)
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	check(err, path)
	return data
}

// ---- cosignature/v1, which x/mod does not know, as a verifier for its notes ----

type cosigner struct {
	name string
	hash uint32
	pub  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.pub, []byte(text), sig[8:])
}

func newCosigner(vkey string) (note.Verifier, error) {
	part := strings.SplitN(strings.TrimSpace(vkey), "+", 3)
	if len(part) != 3 {
		return nil, errors.New("not a key")
	}
	key, err := base64.StdEncoding.DecodeString(part[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("not the key of a witness")
	}
	h := sha256.Sum256(append([]byte(part[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(h[:])
	if fmt.Sprintf("%08x", hash) != part[1] {
		return nil, errors.New("not its hash")
	}
	return &cosigner{part[0], hash, key[1:]}, nil
}

// ---- checkpoints ----

func open(msg []byte, verifiers ...note.Verifier) tlog.Tree {
	n, err := note.Open(msg, note.VerifierList(verifiers...))
	check(err, "checkpoint")
	demand(len(n.Sigs) == len(verifiers), "%d signatures hold, not %d", len(n.Sigs), len(verifiers))
	line := strings.Split(n.Text, "\n")
	demand(len(line) == 4 && line[3] == "", "the checkpoint has %d lines", len(line)-1)
	demand(line[0] == verifiers[0].Name(), "the origin is %s", line[0])
	size, err := strconv.ParseInt(line[1], 10, 64)
	check(err, "size")
	return tlog.Tree{N: size, Hash: hash(line[2])}
}

func hash(text string) (h tlog.Hash) {
	data, err := base64.StdEncoding.DecodeString(text)
	check(err, "hash")
	demand(len(data) == len(h), "a hash of %d bytes", len(data))
	copy(h[:], data)
	return
}

func verifier(vkey []byte) note.Verifier {
	v, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	check(err, "key of the log")
	return v
}

// ---- the folder ----

const height = 8

func tilePath(dir string, t tlog.Tile) string { // x/mod's paths name the height, tlog-tiles' do not
	return filepath.Join(dir, strings.Replace(t.Path(), "tile/8/", "tile/", 1))
}

type folder string

func (f folder) Height() int                         { return height }
func (f folder) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (f folder) ReadTiles(t []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(t))
	for i := range t {
		var err error
		if data[i], err = os.ReadFile(tilePath(string(f), t[i])); err != nil {
			return nil, err
		}
	}
	return data, nil
}

type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	h := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		h[i] = s[at]
	}
	return h, nil
}

// The hashes of the tree, from the entries alone; and how many files hold these.
func entries(dir string, size int64) (s stored, files int) {
	var n int64
	for n < size {
		t := tlog.Tile{H: height, L: -1, N: n >> height, W: 1 << height}
		if size-n < 1<<height {
			t.W = int(size - n)
		}
		path := filepath.Join(dir, strings.Replace(t.Path(), "tile/8/data", "tile/entries", 1))
		data := read(path)
		files++
		for i := 0; i < t.W; i++ {
			demand(len(data) >= 2, "%s is cut", path)
			end := 2 + int(binary.BigEndian.Uint16(data))
			demand(len(data) >= end, "%s is cut", path)
			h, err := tlog.StoredHashesForRecordHash(n, tlog.RecordHash(data[2:end]), s)
			check(err, "stored hashes")
			s = append(s, h...)
			data = data[end:]
			n++
		}
		demand(len(data) == 0, "%s goes on after its entries", path)
	}
	return
}

func checkTiles(dir string, tree tlog.Tree, s stored) (files int) {
	newest := map[[2]int64]tlog.Tile{} // of the tiles of a place only the widest is there
	for _, t := range tlog.NewTiles(height, 0, tree.N) {
		place := [2]int64{int64(t.L), t.N}
		if t.W > newest[place].W {
			newest[place] = t
		}
	}
	for _, t := range newest {
		want, err := tlog.ReadTileData(t, s)
		check(err, t.Path())
		demand(bytes.Equal(want, read(tilePath(dir, t))), "%s is another tile", t.Path())
	}
	return len(newest)
}

func countFiles(dir string) (n int) {
	check(filepath.WalkDir(filepath.Join(dir, "tile"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	}), dir)
	return
}

func export(dir string, witness []string) tlog.Tree {
	verifiers := []note.Verifier{verifier(read(filepath.Join(dir, "log.vkey")))}
	for _, vkey := range witness {
		v, err := newCosigner(vkey)
		check(err, "witness")
		verifiers = append(verifiers, v)
	}
	return open(read(filepath.Join(dir, "checkpoint")), verifiers...)
}

func verifyExport(dir string, witness []string) {
	tree := export(dir, witness)
	s, files := entries(dir, tree.N)
	root, err := tlog.TreeHash(tree.N, s)
	check(err, "root")
	demand(root == tree.Hash, "the root of the entries is %v, signed is %v", root, tree.Hash)
	files += checkTiles(dir, tree, s)
	demand(countFiles(dir) == files, "%d files below tile/, not %d", countFiles(dir), files)
	for i := int64(0); i < tree.N; i++ { // every entry, from all hashes; some also from the tiles, as a client reads them
		p, err := tlog.ProveRecord(tree.N, i, s)
		check(err, "proof")
		leaf := s[tlog.StoredHashIndex(0, i)]
		check(tlog.CheckRecord(p, tree.N, tree.Hash, i, leaf), "inclusion")
		if i%509 == 0 || i == tree.N-1 {
			q, err := tlog.ProveRecord(tree.N, i, tlog.TileHashReader(tree, folder(dir)))
			check(err, "proof from tiles")
			check(tlog.CheckRecord(q, tree.N, tree.Hash, i, leaf), "inclusion from tiles")
		}
		demand(i == 0 || tlog.CheckRecord(p, tree.N, tree.Hash, i-1, leaf) != nil, "entry %d has the proof of another", i)
	}
	fmt.Printf("%d entries in %d files\n", tree.N, files)
}

func verifyGrown(old []byte, dir string) {
	tree := export(dir, nil)
	before := open(old, verifier(read(filepath.Join(dir, "log.vkey"))))
	p, err := tlog.ProveTree(tree.N, before.N, tlog.TileHashReader(tree, folder(dir)))
	check(err, "proof")
	check(tlog.CheckTree(p, tree.N, tree.Hash, before.N, before.Hash), "consistency")
	fmt.Printf("%d entries grew out of %d\n", tree.N, before.N)
}

// ---- files of proofs ----

func lines(text []byte) (head []string, checkpoint []byte) {
	at := bytes.Index(text, []byte("\n\n"))
	demand(at >= 0, "no blank line")
	return strings.Split(string(text[:at]), "\n"), text[at+2:]
}

func verifyProof(text, vkey []byte) {
	head, checkpoint := lines(text)
	demand(len(head) >= 3 && head[0] == "c2sp.org/tlog-proof@v1", "not a proof")
	demand(strings.HasPrefix(head[1], "extra ") && strings.HasPrefix(head[2], "index "), "no entry or no index")
	entry, err := base64.StdEncoding.DecodeString(head[1][6:])
	check(err, "entry")
	index, err := strconv.ParseInt(head[2][6:], 10, 64)
	check(err, "index")
	var p tlog.RecordProof
	for _, line := range head[3:] {
		p = append(p, hash(line))
	}
	tree := open(checkpoint, verifier(vkey))
	check(tlog.CheckRecord(p, tree.N, tree.Hash, index, tlog.RecordHash(entry)), "inclusion")
	fmt.Printf("entry %d of %d\n", index, tree.N)
}

func verifyRequest(text, old, vkey []byte) {
	head, checkpoint := lines(text)
	v := verifier(vkey)
	before, tree := open(old, v), open(checkpoint, v)
	demand(head[0] == fmt.Sprintf("old %d", before.N), "the request begins with %s", head[0])
	var p tlog.TreeProof
	for _, line := range head[1:] {
		p = append(p, hash(line))
	}
	check(tlog.CheckTree(p, tree.N, tree.Hash, before.N, before.Hash), "consistency")
	fmt.Printf("%d entries grew out of %d\n", tree.N, before.N)
}

func main() {
	args := os.Args[1:]
	switch {
	case len(args) >= 2 && args[0] == "export":
		verifyExport(args[1], args[2:])
	case len(args) == 3 && args[0] == "grown":
		verifyGrown(read(args[1]), args[2])
	case len(args) == 3 && args[0] == "proof":
		verifyProof(read(args[1]), read(args[2]))
	case len(args) == 4 && args[0] == "request":
		verifyRequest(read(args[1]), read(args[2]), read(args[3]))
	default:
		fmt.Fprintln(os.Stderr, "usage: verify export|grown|proof|request ...")
		os.Exit(2)
	}
}
