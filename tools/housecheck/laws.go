package housecheck

// law is one rule that can be broken.
type law struct {
	name  string
	check func(*tree) []finding
}

// laws are all of them, in the order of doc.go.
var laws = []law{
	{"imports of ours", oursLaw},
	{"imports of others", othersLaw},
	{"runtime alias", aliasLaw},
	{"pure imports", pureImportsLaw},
	{"pure code", pureCodeLaw},
	{"top level", topLevelLaw},
	{"rooms", roomsLaw},
	{"doc.go", docLaw},
	{"function length", funcLengthLaw},
	{"file length", fileLengthLaw},
	{"folder names", folderLaw},
	{"assembly", asmLaw},
	{"unsafe files", unsafeFilesLaw},
	{"unsafe explained", unsafeExplainedLaw},
	{"no linkname", linknameLaw},
	{"no init", initLaw},
	{"no sleep", sleepLaw},
	{"secrets", revealLaw},
	{"verification stays on", verificationLaw},
	{"no floats in orders", floatLaw},
	{"plain names", namesLaw},
	{"unfinished work", unfinishedLaw},
	{"registries", registryLaw},
	{"machine paths", machineLaw},
}
