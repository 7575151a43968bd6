// Package docs checks what the documents of this module say of its files,
// flags and variables.
package docs

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

const root = ".."

// documents returns all Markdown files of the module, with their content.
func documents(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, name := range names {
			docs[filepath.ToSlash(name)] = read(t, name)
		}
	}
	require.Contains(t, docs, "../README.md")
	return docs
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(b)
}

var (
	fence  = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	inline = regexp.MustCompile("`[^`\n]+`")
	link   = regexp.MustCompile(`\]\(([^()\s]+)\)|^\[[^\]]+\]:\s+(\S+)$`)
)

// TestLinks: every relative link leads to a file, and to a heading of it.
func TestLinks(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	checked := 0
	for name, text := range docs {
		for line := range strings.Lines(fence.ReplaceAllString(text, "")) {
			for _, m := range link.FindAllStringSubmatch(inline.ReplaceAllString(strings.TrimRight(line, "\n"), "code"), -1) {
				target := m[1] + m[2]
				if strings.Contains(target, "://") {
					continue
				}
				checked++
				checkLink(t, name, target)
			}
		}
	}
	require.Greater(t, checked, 30)
}

func checkLink(t *testing.T, from, target string) {
	t.Helper()
	file, anchor, _ := strings.Cut(target, "#")
	if file == "" {
		file = from
	} else {
		file = filepath.Join(filepath.Dir(from), file)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("%s links to %s, which is not there", from, target)
		return
	}
	if anchor != "" && !slices.Contains(anchors(read(t, file)), anchor) {
		t.Errorf("%s links to %s, which has no such heading", from, target)
	}
}

// anchors returns the names of the headings of a document.
func anchors(text string) []string {
	var names []string
	for line := range strings.Lines(fence.ReplaceAllString(text, "")) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		heading := strings.TrimSpace(strings.TrimLeft(line, "#"))
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, heading))
	}
	return names
}

var sourceFile = regexp.MustCompile("`([a-zA-Z0-9_./-]+\\.(?:go|py|yaml|mod))`")

// TestFiles: the source files that documents name are there.
func TestFiles(t *testing.T) {
	t.Parallel()
	for name, text := range documents(t) {
		if filepath.Base(name) == "CONTRIBUTING.md" {
			continue // it names files that must not be
		}
		for _, m := range sourceFile.FindAllStringSubmatch(text, -1) {
			_, err := os.Stat(filepath.Join(root, m[1]))
			require.NoError(t, err, "%s names %s", name, m[1])
		}
	}
}

// TestDecisions: each decision has the four parts and is in the list.
func TestDecisions(t *testing.T) {
	t.Parallel()
	list := read(t, "adr/README.md")
	names, err := filepath.Glob("adr/0*.md")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		require.Contains(t, list, "("+filepath.Base(name)+")")
		require.Equal(t, []string{"context", "decision", "consequences", "rejected"}, anchors(read(t, name))[1:], name)
	}
}

var variable = regexp.MustCompile(`\bMLFLOW_[A-Z0-9_]+\b`)

// TestVariables: configuration.md names the variables that the code reads, and
// no others.
func TestVariables(t *testing.T) {
	t.Parallel()
	inCode := map[string]bool{}
	literal := regexp.MustCompile(`"(MLFLOW_[A-Z0-9_]+)"`)
	for _, dir := range []string{".", "cmd", "rest", "local", "internal"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && dir == "." && path != root:
				return fs.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			for _, m := range literal.FindAllStringSubmatch(read(t, path), -1) {
				inCode[m[1]] = true
			}
			return nil
		}))
	}
	inDocs := map[string]bool{}
	for _, name := range variable.FindAllString(read(t, "configuration.md"), -1) {
		inDocs[name] = true
	}
	require.Equal(t, slices.Sorted(maps.Keys(inCode)), slices.Sorted(maps.Keys(inDocs)))
}

// TestFlags: configuration.md names the flags of all commands, the server's
// with their defaults, and no others.
func TestFlags(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "mlflow-dynamodbstore")
	run(t, root, "go", "build", "-o", binary, "./cmd/mlflow-dynamodbstore")
	inCode := map[string]bool{}
	var visit func(args ...string)
	visit = func(args ...string) {
		out := run(t, ".", binary, append(args, "--help")...)
		for _, m := range regexp.MustCompile(`(?m)^ {2,}(?:-\w, )?--([a-z-]+)`).FindAllStringSubmatch(out, -1) {
			inCode[m[1]] = true
		}
		_, commands, _ := strings.Cut(out, "Available Commands:\n")
		commands, _, _ = strings.Cut(commands, "\n\n")
		for line := range strings.Lines(commands) {
			if name := strings.Fields(line); len(name) > 0 && name[0] != "help" {
				visit(append(slices.Clone(args), name[0])...)
			}
		}
	}
	visit()
	delete(inCode, "help")
	require.Contains(t, inCode, "backend-store-uri")

	text := read(t, "configuration.md")
	inDocs := map[string]bool{}
	before, absent, _ := strings.Cut(text, "\n### What MLflow's server has and this one has not\n")
	_, after, found := strings.Cut(absent, "\n## ")
	require.True(t, found)
	for _, m := range regexp.MustCompile(`--([a-z][a-z-]*)`).FindAllStringSubmatch(before+after, -1) {
		inDocs[m[1]] = true
	}
	require.Equal(t, slices.Sorted(maps.Keys(inCode)), slices.Sorted(maps.Keys(inDocs)))

	defaults := regexp.MustCompile(`(?m)--([a-z-]+) .*\(default "?([^"\s)]+)"?\)$`)
	for _, m := range defaults.FindAllStringSubmatch(run(t, ".", binary, "server", "--help"), -1) {
		row := regexp.MustCompile("(?m)^\\| `--" + m[1] + "`.*$").FindString(text)
		require.Contains(t, row, m[2], "default of --%s", m[1])
	}
}

// TestReadmeProgram: the program in the README runs and prints what it says.
func TestReadmeProgram(t *testing.T) {
	t.Parallel()
	blocks := map[string]string{}
	for _, m := range fence.FindAllStringSubmatch(read(t, "../README.md"), -1) {
		blocks[m[1]] = m[2]
	}
	program := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(program, []byte(blocks["go"]), 0o600))
	require.Equal(t, blocks["text"], run(t, root, "go", "run", program))
	formatted := run(t, ".", "gofmt", program)
	require.Equal(t, blocks["go"], formatted, "the program is not formatted")
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}
