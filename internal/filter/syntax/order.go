package syntax

import (
	"errors"
	"strings"
)

// ErrNoIdentifier says that a text is no identifier with or without a direction.
var ErrNoIdentifier = errors.New("syntax: no identifier")

// Identifier checks that text is one identifier with or without a direction, and
// returns both. The word timestamp, a type name to the tokenizer, is let through.
// The error is [ErrNoIdentifier], or one of those of [Clauses].
func Identifier(text string) (string, error) {
	nodes, err := parse(text)
	if err != nil {
		return "", err
	}
	first, last := &nodes[0], &nodes[len(nodes)-1]
	switch {
	case len(nodes) == 1 && first.kind == groupIdentifier:
		return first.Text, nil
	case first.kind != kindBuiltin || first.Text != "timestamp":
		return "", ErrNoIdentifier
	case len(nodes) == 1:
		return first.Text, nil
	case last.kind != kindOrder || !allSpace(nodes[1:len(nodes)-1]):
		return "", ErrNoIdentifier
	default:
		return first.Text + " " + last.Text, nil
	}
}

// Words cuts text into words as a POSIX shell does, with both kinds of
// quotes and backslashes, but no comments. It is not ok when a quote is open.
func Words(text string) (words []string, ok bool) {
	var word strings.Builder
	var quote byte
	started := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'':
			if i++; i >= len(text) {
				return nil, false
			}
			if quote == '"' && text[i] != '"' && text[i] != '\\' {
				word.WriteByte('\\')
			}
			word.WriteByte(text[i])
			started = true
		case quote != 0:
			word.WriteByte(c)
		case isQuote(c):
			quote, started = c, true
		case strings.IndexByte(" \t\r\n", c) >= 0:
			if started {
				words = append(words, word.String())
				word.Reset()
				started = false
			}
		default:
			word.WriteByte(c)
			started = true
		}
	}
	if started {
		words = append(words, word.String())
	}
	return words, quote == 0
}
