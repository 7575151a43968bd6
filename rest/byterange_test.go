package rest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseRange(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		header string
		size   int64
		want   byteRange
		kind   rangeKind
	}{
		{"bytes=0-0", 10, byteRange{0, 1}, onePart},
		{"bytes=3-", 10, byteRange{3, 7}, onePart},
		{"bytes=3-5", 10, byteRange{3, 3}, onePart},
		{"bytes=3-99999999999999999999", 10, byteRange{3, 7}, onePart},
		{"bytes=-4", 10, byteRange{6, 4}, onePart},
		{"bytes=-40", 10, byteRange{0, 10}, onePart},
		{"bytes=10-", 10, byteRange{}, noRange},
		{"bytes=99999999999999999999-", 10, byteRange{}, noRange},
		{"bytes=-0", 10, byteRange{}, noRange},
		{"bytes=0-", 0, byteRange{}, noRange},
		{"bytes=-5", 0, byteRange{}, noRange},
		{"bytes=5-3", 10, byteRange{}, wholeFile},
		{"bytes=0-1,3-4", 10, byteRange{}, wholeFile},
		{"bytes=-", 10, byteRange{}, wholeFile},
		{"bytes=", 10, byteRange{}, wholeFile},
		{"bytes=a-b", 10, byteRange{}, wholeFile},
		{"bytes=--1", 10, byteRange{}, wholeFile},
		{"bytes=+1-2", 10, byteRange{}, wholeFile},
		{"lines=0-1", 10, byteRange{}, wholeFile},
		{"", 10, byteRange{}, wholeFile},
	} {
		got, kind := parseRange(tc.header, tc.size)
		require.Equal(t, tc.kind, kind, tc.header)
		require.Equal(t, tc.want, got, tc.header)
	}
}

// FuzzParseRange compares with the file server of the standard library, where
// a header is one range as RFC 9110 writes it, with numbers that an int64
// holds. The library also takes signs and space within a range; everything
// that is not one range has to be answered with the whole file here.
func FuzzParseRange(f *testing.F) {
	oneRange := regexp.MustCompile(`^([0-9]+-[0-9]*|-[0-9]+)$`)
	longNumber := regexp.MustCompile(`[0-9]{19}`)
	for _, seed := range []string{"bytes=0-0", "bytes=3-", "bytes=-4", "bytes=5-3", "bytes=0-1,2-3", "bytes= 1-2", "x", "bytes=-0", "bytes= -0", "bytes=+1-2", "bytes=-+2", "bytes=0--0", "bytes=1-2\v", "bytes=1-99999999999999999999"} {
		f.Add(seed, uint8(10))
		f.Add(seed, uint8(0))
	}
	f.Fuzz(func(t *testing.T, header string, size uint8) {
		part, kind := parseRange(header, int64(size))
		if kind == onePart {
			require.GreaterOrEqual(t, part.start, int64(0))
			require.Positive(t, part.length)
			require.LessOrEqual(t, part.start+part.length, int64(size))
		}
		set, isBytes := strings.CutPrefix(header, "bytes=")
		set = textproto.TrimString(set)
		if !isBytes || !oneRange.MatchString(set) {
			require.Equal(t, wholeFile, kind)
			return
		}
		if size == 0 || longNumber.MatchString(set) {
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header["Range"] = []string{header}
		w := httptest.NewRecorder()
		http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(make([]byte, size)))
		switch kind {
		case onePart:
			require.Equal(t, http.StatusPartialContent, w.Code)
			require.Equal(t, "bytes "+strconv.FormatInt(part.start, 10)+"-"+strconv.FormatInt(part.start+part.length-1, 10)+
				"/"+strconv.Itoa(int(size)), w.Header().Get("Content-Range"))
		case noRange:
			if strings.HasPrefix(set, "-") { // the standard library answers a suffix of nothing with nothing
				return
			}
			require.Equal(t, http.StatusRequestedRangeNotSatisfiable, w.Code)
		case wholeFile:
			require.NotEqual(t, http.StatusPartialContent, w.Code)
		}
	})
}
