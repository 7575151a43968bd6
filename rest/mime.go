package rest

import (
	"cmp"
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// contentType guesses the type of a file by its name. What a browser can show
// as text is text, so that it is never run.
// Source: MLflow 3.18, utils/mime_type_utils.py.
func contentType(name string) string {
	name = path.Base(name)
	stem, ending := splitEnding(name)
	switch cmp.Or(strings.TrimPrefix(ending, "."), name) {
	case "txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml",
		"xml", "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "ipynb", "MLmodel", "MLproject", "mlproject":
		return "text/plain"
	}
	switch ending {
	case ".svgz":
		ending = ".svg"
	case ".tgz", ".taz", ".tz", ".tbz2", ".txz":
		ending = ".tar"
	case ".gz", ".Z", ".bz2", ".xz", ".br": // the type is that of what is packed
		_, ending = splitEnding(stem)
	}
	return cmp.Or(standardType(strings.ToLower(ending)), "application/octet-stream")
}

// splitEnding cuts a name before the dot of its ending, which is not one of
// those that it begins with.
func splitEnding(name string) (stem, ending string) {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || strings.Trim(name[:dot], ".") == "" {
		return name, ""
	}
	return name[:dot], name[dot:]
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
