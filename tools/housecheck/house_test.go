package housecheck

import (
	"path"
	"testing"
)

// TestHouse holds every law over this repository.
func TestHouse(t *testing.T) {
	house, err := readTree("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(house.files) < 20 {
		t.Fatalf("only %d files were read: this is not the repository", len(house.files))
	}
	for _, l := range laws {
		t.Run(l.name, func(t *testing.T) {
			for _, f := range l.check(house) {
				t.Error(f)
			}
		})
	}
}

// TestTableIsSound: a table that names rooms which it does not have would allow nothing and show nothing.
func TestTableIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rooms {
		if seen[r.path] {
			t.Errorf("%s stands twice in the table", r.path)
		}
		seen[r.path] = true
	}
	for _, r := range rooms {
		for _, target := range join(r.ours, testOurs) {
			if target != "..." && !seen[target] {
				t.Errorf("%s may import %s, which is no room", r.path, target)
			}
		}
	}
	for name := range fileImports {
		if _, ok := roomOf(path.Dir(name)); !ok {
			t.Errorf("%s stands in no room", name)
		}
	}
}
