package auth

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// iniSection is the section that MLflow reads.
const iniSection = "mlflow"

// parseINI reads the section [mlflow] as Python's configparser does, of which it
// takes what such files have: lines of key = value or key: value, comments as
// lines of their own, %% for %. Keys are in lower case. What configparser would
// take for something else, lines that go on in the next one and values that refer
// to others, is refused, and so is what it refuses. Errors name the line and tell
// nothing of values.
func parseINI(text string) (map[string]string, error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, errors.New("it is not UTF-8 text")
	}
	var keys map[string]string
	number := 0
	for line := range strings.Lines(text) {
		number++
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		if trimmed[0] == '[' && keys == nil && trimmed == "["+iniSection+"]" {
			keys = map[string]string{}
			continue
		}
		if err := addINI(keys, line); err != nil {
			return nil, fmt.Errorf("line %d %w", number, err)
		}
	}
	if keys == nil {
		return nil, fmt.Errorf("it has no section [%s]", iniSection)
	}
	return keys, nil
}

// addINI adds what a line says.
func addINI(keys map[string]string, line string) error {
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed[0] == '[':
		return fmt.Errorf("begins a section: there may be one, [%s]", iniSection)
	case keys == nil:
		return fmt.Errorf("comes before the section [%s]", iniSection)
	case line[0] != trimmed[0]:
		return errors.New("begins with a space: a value is one line")
	}
	end := strings.IndexAny(trimmed, "=:")
	if end <= 0 {
		return errors.New("is not key = value")
	}
	key := strings.ToLower(strings.TrimSpace(trimmed[:end]))
	if _, twice := keys[key]; twice {
		return fmt.Errorf("says %s a second time", quoteKey(key))
	}
	value, ok := unescapeINI(strings.TrimSpace(trimmed[end+1:]))
	if !ok {
		return fmt.Errorf("has a %% in the value of %s: %%%% stands for one", quoteKey(key))
	}
	keys[key] = value
	return nil
}

func unescapeINI(value string) (string, bool) {
	bare := strings.ReplaceAll(value, "%%", "")
	return strings.ReplaceAll(value, "%%", "%"), !strings.Contains(bare, "%")
}

// quoteKey quotes what stands for a key, if it can be one at all: in a file that
// is wrong, a secret may stand anywhere.
func quoteKey(key string) string {
	const most = 40
	if len(key) > most || strings.ContainsFunc(key, func(c rune) bool { return c != '_' && !strings.ContainsRune(alphanumeric, c) }) {
		return "what is said"
	}
	return fmt.Sprintf("%q", key)
}
