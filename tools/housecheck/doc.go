// Package housecheck keeps the rules of the house true: who may import whom, what a file may look like, where unsafe
// code may stand. Rules that only people check are forgotten in a hurry; these are checked by `go test ./...`.
//
//	house.go                 the rules as data: rooms, their imports, limits, exceptions
//	   │
//	tree.go                  the working tree, read and parsed once (or built from text by a test)
//	   │
//	laws.go ─┬─ imports.go   the import law
//	         ├─ pure.go      what a pure room must not touch
//	         ├─ shape.go     names at the top, rooms, doc.go, lengths, folders, assembly
//	         ├─ unsafe.go    where unsafe stands and how each use is explained
//	         ├─ code.go      single constructs: init, Sleep, Reveal, floats, names
//	         └─ words.go     words in any file: unfinished work, registries, paths of one machine
//
// A law is a function from a tree to findings; a finding names the place, what is wrong there and what to do. The tests
// run every law over this repository (TestHouse), and over small synthetic trees that break it (TestLawsCanFail): a
// law without a tree that breaks it does not pass, because a check that cannot fail shows nothing.
//
// Files of all build tags are read, so that a file for another CPU or behind a tag is held to the same rules. Nested
// modules (a folder with its own go.mod), build/, testdata and folders that begin with a dot or an underscore stand
// outside the Go rules; the rules on words hold for all but build/ and .git.
//
// What is not done here: formatting, vet and staticcheck are separate steps of `make check`; what needs types (escape
// analysis, allocation) is a test in the room that promises it.
//
// Read house.go first: it is the page to change, together with an entry in docs/decisions.md, when a rule must change.
package housecheck
