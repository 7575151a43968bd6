// Package pyrepr prints values as Python's repr and json.dumps do: MLflow's
// error texts quote them so, and its answers are written so. It reads integers
// as Python's int does.
package pyrepr

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// String prints a string.
func String(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.WriteByte(quote)
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			fmt.Fprintf(&b, `\udc%02x`, s[i]) // a byte that is no UTF-8
			continue
		}
		writeRune(&b, r, rune(quote))
	}
	b.WriteByte(quote)
	return b.String()
}

func writeRune(b *strings.Builder, r, quote rune) {
	switch {
	case r == quote || r == '\\':
		b.WriteByte('\\')
		b.WriteRune(r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case unicode.IsPrint(r):
		b.WriteRune(r)
	case r < 0x100:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// List prints strings as a list.
func List(items []string) string { return "[" + join(items) + "]" }

// Set prints strings as a set, in the order given.
func Set(items ...string) string { return "{" + join(items) + "}" }

func join(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = String(s)
	}
	return strings.Join(quoted, ", ")
}
