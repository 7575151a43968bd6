package dynamodbstore_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestExportedNames compares what the root package exports with
// testdata/exported.txt: names, and methods of its types, those that stand in
// package mlflow too. A name that goes breaks programs of users; one that comes
// is there for good.
func TestExportedNames(t *testing.T) {
	t.Parallel()
	names := exportedNames(t, ".")
	for _, name := range exportedNames(t, "mlflow") {
		if recv, _, isMethod := strings.Cut(name, "."); isMethod && slices.Contains(names, recv) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	want, err := os.ReadFile(filepath.Join("testdata", "exported.txt"))
	require.NoError(t, err)
	require.Equal(t, strings.Fields(string(want)), names)
}

// exportedNames returns the exported names of a directory, methods as
// Type.Method.
func exportedNames(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	for _, f := range parseDir(t, dir) {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if recv := receiver(d); ast.IsExported(d.Name.Name) && (recv == "" || ast.IsExported(recv)) {
					names = append(names, strings.TrimPrefix(recv+"."+d.Name.Name, "."))
				}
			case *ast.GenDecl:
				names = append(names, exportedSpecs(d)...)
			}
		}
	}
	return names
}

func exportedSpecs(d *ast.GenDecl) []string {
	var names []string
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			names = append(names, spec.Name.Name)
		case *ast.ValueSpec:
			for _, id := range spec.Names {
				names = append(names, id.Name)
			}
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return !ast.IsExported(n) })
}

// parseDir parses the files of a package, tests apart.
func parseDir(t *testing.T, dir string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, f)
	}
	return files
}

// receiver is the type of a method's receiver; "" of a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	e := d.Recv.List[0].Type
	if p, ok := e.(*ast.StarExpr); ok {
		e = p.X
	}
	if x, ok := e.(*ast.IndexExpr); ok {
		e = x.X
	}
	id, ok := e.(*ast.Ident)
	if !ok {
		return ""
	}
	return id.Name
}

// TestFailures: whatever a method of Store returns as an error has been turned
// into one for callers, here and nowhere below. Those that are named tell what
// they pass on.
func TestFailures(t *testing.T) {
	t.Parallel()
	passOn := map[string]string{
		"Init": "the table's own error, which says what is wrong with it", "Close": "likewise",
		"Workspace": "no request", "TagPatterns": "the error of GetExperiment", "SetTagPatterns": "likewise",
	}
	checked := 0
	for _, f := range parseDir(t, ".") {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || receiver(fn) != "Store" || passOn[fn.Name.Name] != "" || !returnsError(fn) {
				continue
			}
			checked++
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if _, ok := n.(*ast.FuncLit); ok {
					return false
				}
				if ret, ok := n.(*ast.ReturnStmt); ok && !isTurned(ret.Results[len(ret.Results)-1]) {
					t.Errorf("%s returns an error as it is", fn.Name.Name)
				}
				return true
			})
		}
	}
	require.Greater(t, checked, 60)
}

func returnsError(fn *ast.FuncDecl) bool {
	if fn.Type.Results == nil {
		return false
	}
	last := fn.Type.Results.List[len(fn.Type.Results.List)-1]
	id, ok := last.Type.(*ast.Ident)
	return ok && id.Name == "error"
}

// isTurned reports whether an expression is an error for callers: what failure
// has made, one that was made here, or that of another method of Store.
func isTurned(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "nil"
	case *ast.UnaryExpr: // &Error{}
		return true
	case *ast.CallExpr:
		switch fun := e.Fun.(type) {
		case *ast.Ident:
			return fun.Name == "failure"
		case *ast.SelectorExpr:
			return fun.Sel.Name == "failure" || fun.Sel.Name == "Invalidf"
		}
	}
	return false
}

// TestGuide: the package comment leads to every call of a Store.
func TestGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, name := range exportedNames(t, ".") {
		if strings.HasPrefix(name, "Store.") {
			require.Contains(t, string(guide), "["+name+"]")
		}
	}
}
