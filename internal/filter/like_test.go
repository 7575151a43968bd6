package filter

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// likeByRegexp is a slow LIKE to compare with.
func likeByRegexp(s, pattern string, fold bool) bool {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for _, r := range pattern {
		switch r {
		case '%':
			b.WriteString(`.*`)
		case '_':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteString(`\z`)
	re := b.String()
	if fold {
		re, s = lowerASCII(re[len(`(?s)\A`):len(re)-len(`\z`)]), lowerASCII(s)
		re = `(?s)\A` + re + `\z`
	}
	return regexp.MustCompile(re).MatchString(s)
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func TestLikeAgainstRegexp(t *testing.T) {
	t.Parallel()
	text := rapid.StringOfN(rapid.SampledFrom([]rune(`aAbB%_\é日.`)), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		s, pattern := text.Draw(t, "s"), text.Draw(t, "pattern")
		fold := rapid.Bool().Draw(t, "fold")
		require.Equal(t, likeByRegexp(s, pattern, fold), like(s, pattern, fold))
	})
}

func TestLikeIsBounded(t *testing.T) {
	t.Parallel()
	s := strings.Repeat("a", 8000)
	require.False(t, like(s, strings.Repeat("%a", 2000)+"b", false))
}
