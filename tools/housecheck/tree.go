package housecheck

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// tree is a working tree, read once.
type tree struct {
	names   []string // of all files, with / and relative to the root
	folders []string
	files   []file // those that are text
	fset    *token.FileSet
}

// file is one text file. code is nil where it is not Go, or stands outside the Go rules.
type file struct {
	path string
	room string // its folder
	text []byte
	code *ast.File
	test bool
}

// finding is one broken rule at one place.
type finding struct {
	at   string
	what string
}

func (f finding) String() string { return f.at + ": " + f.what }

// readTree reads the working tree under root. It does not ask git, so that a new file is held to the rules before it
// is committed.
func readTree(root string) (*tree, error) {
	texts := map[string][]byte{}
	house := os.DirFS(root)
	err := fs.WalkDir(house, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name == ".git" || name == "build" {
				return fs.SkipDir
			}
			return nil
		}
		text, err := fs.ReadFile(house, name)
		if err != nil {
			return err
		}
		texts[name] = text
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("housecheck: read the tree: %w", err)
	}
	return newTree(texts)
}

// newTree builds a tree from file names and their contents.
func newTree(texts map[string][]byte) (*tree, error) {
	t := &tree{fset: token.NewFileSet()}
	for name := range texts {
		t.names = append(t.names, name)
		for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
			t.folders = append(t.folders, folder)
		}
	}
	slices.Sort(t.names)
	slices.Sort(t.folders)
	t.folders = slices.Compact(t.folders)
	for _, name := range t.names {
		text := texts[name]
		if len(text) > textSizeMax || bytes.IndexByte(text, 0) >= 0 {
			continue
		}
		f := file{path: name, room: path.Dir(name), text: text, test: strings.HasSuffix(name, "_test.go")}
		if strings.HasSuffix(name, ".go") && !outside(texts, f.room) {
			code, err := parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, fmt.Errorf("housecheck: parse: %w", err)
			}
			f.code = code
		}
		t.files = append(t.files, f)
	}
	return t, nil
}

// outside tells whether the Go rules do not hold in a folder: nested modules and what the go command itself ignores.
func outside(texts map[string][]byte, folder string) bool {
	for ; folder != "."; folder = path.Dir(folder) {
		base := path.Base(folder)
		if base == "testdata" || base[0] == '.' || base[0] == '_' {
			return true
		}
		if _, nested := texts[folder+"/go.mod"]; nested {
			return true
		}
	}
	return false
}

// code yields the Go files under the rules.
func (t *tree) code(yield func(file) bool) {
	for _, f := range t.files {
		if f.code != nil && !yield(f) {
			return
		}
	}
}

func (t *tree) at(pos token.Pos, what string, args ...any) finding {
	place := t.fset.Position(pos)
	return finding{fmt.Sprintf("%s:%d", place.Filename, place.Line), fmt.Sprintf(what, args...)}
}

// roomOf finds a folder in the table.
func roomOf(folder string) (room, bool) {
	i := slices.IndexFunc(rooms, func(r room) bool { return r.path == folder })
	if i < 0 {
		return room{}, false
	}
	return rooms[i], true
}
