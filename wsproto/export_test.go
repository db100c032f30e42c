package wsproto

// MaskWords is the mask kernel by itself.
var MaskWords = maskWords

// ValidText is the UTF-8 check by itself.
var ValidText = validText

// WholeRunes is the cut before a rune that is not all there.
var WholeRunes = wholeRunes
