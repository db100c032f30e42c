package wsproto_test

import (
	"fmt"
	"strings"
)

// greeting is a text with runes of one, two and three bytes.
const greeting = "Hello-µ@ßöäüàá-UTF-8!! κόσμε ☃"

// textCases: each subsection of the UTF-8 section, each text whole, in two fragments at each byte of it, and byte by byte.
func textCases() (cases []wireCase) {
	cases = append(cases, emptyTextCases()...)
	for name, valid := range validTexts() {
		cases = append(cases, validTextCases(name, valid)...)
	}
	for name, invalid := range invalidTexts() {
		cases = append(cases, invalidTextCases(name, invalid)...)
	}
	return append(cases, prefixCases()...)
}

func emptyTextCases() []wireCase {
	return []wireCase{
		{name: "empty", rfc: "§5.6", stream: whole(0x1, ""), events: events(text(""))},
		{name: "empty in three fragments", rfc: "§5.4", stream: stream(first(0x1, ""), middle(""), final("")), events: events(text(""))},
		{
			name: "empty around a payload", rfc: "§5.4",
			stream: stream(first(0x1, ""), middle("middle"), final("")), events: events(text("middle")),
		},
	}
}

// validTextCases: fragments may cut runes (§5.6: only the whole message must be valid).
func validTextCases(name, valid string) (cases []wireCase) {
	const why = "§5.6, §8.1, RFC 3629 §4"
	cases = append(
		cases,
		wireCase{name: name, rfc: why, stream: whole(0x1, valid), events: events(text(valid))},
		wireCase{name: name + ", byte fragments", rfc: why, stream: inFragments(0x1, valid, 1), events: events(text(valid))},
		wireCase{
			name: name + ", with pings", rfc: why + ", §5.4",
			stream: stream(first(0x1, valid[:1]), control(0x9, "\xff"), final(valid[1:])), events: events(ping("\xff"), text(valid)),
		},
	)
	for at := range len(valid) {
		cases = append(cases, wireCase{
			name: fmt.Sprintf("%s, cut at %d", name, at), rfc: why,
			stream: stream(first(0x1, valid[:at]), final(valid[at:])), events: events(text(valid)),
		})
	}
	return cases
}

func invalidTextCases(name, invalid string) (cases []wireCase) {
	const why = "§8.1: an endpoint MUST fail the connection; RFC 3629 §3, §4"
	cases = append(
		cases,
		wireCase{name: name, rfc: why, stream: whole(0x1, invalid), code: 1007, rule: "UTF-8"},
		wireCase{name: name + ", byte fragments", rfc: why, stream: inFragments(0x1, invalid, 1), code: 1007, rule: "UTF-8"},
		wireCase{
			name: name + " between valid runes", rfc: why,
			stream: whole(0x1, "κόσμε"+invalid+"edited"), code: 1007, rule: "UTF-8",
		},
		wireCase{
			name: name + " as binary", rfc: "§5.6: binary is arbitrary",
			stream: whole(0x2, invalid), events: events(octets(invalid)),
		},
	)
	for at := range len(invalid) {
		cases = append(cases, wireCase{
			name: fmt.Sprintf("%s, cut at %d", name, at), rfc: why,
			stream: stream(first(0x1, invalid[:at]), final(invalid[at:])), code: 1007, rule: "UTF-8",
		})
	}
	return cases
}

// prefixCases: each prefix of a text is valid exactly where it ends with a rune.
func prefixCases() (cases []wireCase) {
	whole4 := "κόσ\U00010000ε"
	ends := map[int]bool{}
	for at := range whole4 {
		ends[at] = true
	}
	ends[len(whole4)] = true
	for at := range len(whole4) + 1 {
		c := wireCase{name: fmt.Sprintf("prefix of %d", at), rfc: "§8.1, RFC 3629 §4", stream: whole(0x1, whole4[:at])}
		if ends[at] {
			c.events = events(text(whole4[:at]))
		} else {
			c.code, c.rule = 1007, "UTF-8"
		}
		cases = append(cases, c)
	}
	return cases
}

// validTexts has a text for each kind of code point that must pass (RFC 3629 §4).
func validTexts() map[string]string {
	return map[string]string{
		"greeting":                     greeting,
		"kosme":                        "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
		"first of 1 byte":              "\x00",
		"first of 2 bytes":             "\xc2\x80",
		"first of 3 bytes":             "\xe0\xa0\x80",
		"first of 4 bytes":             "\xf0\x90\x80\x80",
		"last of 1 byte":               "\x7f",
		"last of 2 bytes":              "\xdf\xbf",
		"last of 3 bytes":              "\xef\xbf\xbf",
		"last of 4 bytes":              "\xf4\x8f\xbf\xbf",
		"last before the surrogates":   "\xed\x9f\xbf",
		"first behind the surrogates":  "\xee\x80\x80",
		"replacement character":        "\xef\xbf\xbd",
		"non-characters FDD0-FDEF":     "\ufdd0\ufddf\ufdef",
		"non-characters of all planes": nonCharacters(),
		"specials FFF9-FFFD":           "\ufff9\ufffa\ufffb\ufffc\ufffd",
		"byte order mark":              "\ufeffa",
		"long ASCII, rune at the end":  strings.Repeat("x", 70) + "☃",
		"one rune at each word border": "xxxxxxx☃xxxxxxx☃xxxxxxxxé",
	}
}

// nonCharacters are the last two code points of each plane: odd, but valid (Unicode corrigendum 9).
func nonCharacters() string {
	var out strings.Builder
	for plane := rune(0); plane <= 16; plane++ {
		out.WriteRune(plane<<16 | 0xfffe)
		out.WriteRune(plane<<16 | 0xffff)
	}
	return out.String()
}

// invalidTexts has a text for each way to be wrong (RFC 3629 §3, §4, §10).
func invalidTexts() map[string]string {
	texts := map[string]string{
		"5 bytes, first":             "\xf8\x88\x80\x80\x80",
		"6 bytes, first":             "\xfc\x84\x80\x80\x80\x80",
		"5 bytes, last":              "\xfb\xbf\xbf\xbf\xbf",
		"6 bytes, last":              "\xfd\xbf\xbf\xbf\xbf\xbf",
		"4 bytes, last of 21 bits":   "\xf7\xbf\xbf\xbf",
		"first beyond Unicode":       "\xf4\x90\x80\x80",
		"first continuation":         "\x80",
		"last continuation":          "\xbf",
		"all continuations":          continuations(),
		"concatenated stumps":        "\xc0\xe0\x80\xf0\x80\x80\xdf\xef\xbf\xf7\xbf\xbf",
		"impossible FE":              "\xfe",
		"impossible FF":              "\xff",
		"impossible FE FE FF FF":     "\xfe\xfe\xff\xff",
		"overlong slash of 2":        "\xc0\xaf",
		"overlong slash of 3":        "\xe0\x80\xaf",
		"overlong slash of 4":        "\xf0\x80\x80\xaf",
		"overlong slash of 5":        "\xf8\x80\x80\x80\xaf",
		"overlong slash of 6":        "\xfc\x80\x80\x80\x80\xaf",
		"longest overlong of 2":      "\xc1\xbf",
		"longest overlong of 3":      "\xe0\x9f\xbf",
		"longest overlong of 4":      "\xf0\x8f\xbf\xbf",
		"longest overlong of 5":      "\xf8\x87\xbf\xbf\xbf",
		"longest overlong of 6":      "\xfc\x83\xbf\xbf\xbf\xbf",
		"overlong zero of 2":         "\xc0\x80",
		"overlong zero of 3":         "\xe0\x80\x80",
		"overlong zero of 4":         "\xf0\x80\x80\x80",
		"surrogate D800":             "\xed\xa0\x80",
		"surrogate DB7F":             "\xed\xad\xbf",
		"surrogate DB80":             "\xed\xae\x80",
		"surrogate DBFF":             "\xed\xaf\xbf",
		"surrogate DC00":             "\xed\xb0\x80",
		"surrogate DF80":             "\xed\xbe\x80",
		"surrogate DFFF":             "\xed\xbf\xbf",
		"pair D800 DC00":             "\xed\xa0\x80\xed\xb0\x80",
		"pair DBFF DFFF":             "\xed\xaf\xbf\xed\xbf\xbf",
		"long ASCII, bad at the end": strings.Repeat("x", 70) + "\xff",
	}
	for _, start := range []byte{0xc2, 0xcf, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4} {
		texts[fmt.Sprintf("lonely start %X and a blank", start)] = string([]byte{start, ' '})
		texts[fmt.Sprintf("lonely start %X at the end", start)] = string([]byte{'a', start})
	}
	for name, valid := range validTexts() {
		if last := valid[len(valid)-1]; last >= 0x80 && len(valid) <= 4 {
			texts["stump of "+name] = valid[:len(valid)-1]
		}
	}
	return texts
}

func continuations() string {
	var out []byte
	for b := 0x80; b <= 0xbf; b++ {
		out = append(out, byte(b))
	}
	return string(out)
}
