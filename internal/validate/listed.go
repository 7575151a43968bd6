package validate

import (
	"fmt"
	"strings"
)

// Listed refuses what cannot be meant as one entry of a list: nothing,
// blanks around it, or several in one. what names the kind of the entry. The
// alternatives of a glob, {a,b}, are one.
func Listed(what, entry string) error {
	braces := 0
	for _, r := range entry {
		switch {
		case r == '{':
			braces++
		case r == '}':
			braces--
		case r == ',' && braces <= 0:
			return fmt.Errorf("%s %q has a comma: give each by itself", what, entry)
		case r < ' ' || r == 0x7f:
			return fmt.Errorf("%s %q has a control character", what, entry)
		}
	}
	switch {
	case strings.TrimSpace(entry) == "":
		return fmt.Errorf("%s %q is empty", what, entry)
	case strings.TrimSpace(entry) != entry:
		return fmt.Errorf("%s %q has blanks around it", what, entry)
	}
	return nil
}
