package rest

import (
	"mime"
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// contentType guesses the type of a file by its name. What a browser can show
// as text is text, so that it is never run.
func contentType(name string) string {
	name = path.Base(name)
	dot := path.Ext(name)
	ext := strings.TrimPrefix(dot, ".")
	if ext == "" {
		ext = name
	}
	switch ext {
	case "txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml",
		"xml", "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "ipynb", "MLmodel", "MLproject":
		return "text/plain"
	}
	if t := mime.TypeByExtension(dot); t != "" {
		t, _, _ = strings.Cut(t, ";")
		return t
	}
	return "application/octet-stream"
}

// attachment is the Content-Disposition of a file, with a name in ASCII for
// clients that know no other.
func attachment(name string) string {
	var ascii strings.Builder
	same := true
	for _, r := range norm.NFKD.String(name) {
		if r < 0x80 {
			ascii.WriteRune(r)
		}
	}
	for i := range len(name) {
		same = same && name[i] < 0x80
	}
	fallback := ascii.String()
	if fallback == "" {
		fallback = "download"
	}
	value := "attachment; filename=" + quoteHeader(fallback)
	if same {
		return value
	}
	var ext strings.Builder
	for i := range len(name) {
		if c := name[i]; isAttrChar(c) {
			ext.WriteByte(c)
		} else {
			ext.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
		}
	}
	return value + "; filename*=UTF-8''" + ext.String()
}

// quoteHeader puts a value in quotes unless it is a token.
func quoteHeader(s string) string {
	token := s != ""
	for i := range len(s) {
		token = token && (isAttrChar(s[i]) || strings.IndexByte("*'%", s[i]) >= 0)
	}
	if token {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func isAttrChar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0
}
