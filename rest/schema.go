package rest

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// rule is what MLflow checks about one parameter of a request, before it looks
// at what the request says.
type rule struct {
	param  string
	checks []check
}

// check looks at one value, which is nil when the request has none of the name.
type check struct {
	// typed checks are left out when protobuf had no objection to the request.
	typed bool
	// required checks are made even if the request has no such parameter.
	required bool
	// run tells whether the value passes; text is what to say if it does not,
	// and may be empty.
	run func(param string, v *node) (text string, ok bool)
}

func required() check {
	return check{required: true, run: func(param string, v *node) (string, bool) {
		return "Missing value for required parameter '" + param + "'.", present(v)
	}}
}

// present tells whether there is a value that is neither null nor "".
func present(v *node) bool {
	return v != nil && v.kind != kindNull && (v.kind != kindString || v.text != "")
}

func typed(ok func(v *node) bool) check {
	return check{typed: true, run: func(_ string, v *node) (string, bool) { return "", ok(v) }}
}

func isString() check {
	return typed(func(v *node) bool { return v != nil && v.kind == kindString })
}

func isBool() check {
	return typed(func(v *node) bool { return v != nil && v.kind == kindBool })
}

func isArray() check {
	return typed(func(v *node) bool { return v != nil && v.kind == kindList })
}

func itemsAreStrings() check {
	return typed(func(v *node) bool {
		if v == nil || v.kind != kindList {
			return false
		}
		for i := range v.list {
			if v.list[i].kind != kindString {
				return false
			}
		}
		return true
	})
}

// isIntLike lets null pass, over which MLflow stumbles with a 500.
func isIntLike() check {
	return typed(func(v *node) bool {
		_, ok := intLike(v)
		return ok || v != nil && v.kind == kindNull
	})
}

func isFloatLike() check {
	return typed(func(v *node) bool {
		if v == nil || v.kind == kindNull || v.kind == kindList || v.kind == kindDict {
			return false
		}
		_, ok := parseDouble(strings.TrimSpace(v.text))
		return ok || v.kind == kindBool
	})
}

// intLike reads what Python's int() reads.
func intLike(v *node) (int64, bool) {
	if v == nil {
		return 0, false
	}
	switch v.kind {
	case kindInt:
		i, err := strconv.ParseInt(v.text, 10, 64)
		if err != nil && strings.HasPrefix(v.text, "-") {
			return math.MinInt64, true
		} else if err != nil {
			return math.MaxInt64, true
		}
		return i, true
	case kindFloat:
		d, ok := parseDouble(v.text)
		return int64(d), ok && math.Abs(d) < 1<<62
	case kindString:
		i, err := strconv.ParseInt(strings.TrimSpace(v.text), 10, 64)
		return i, err == nil
	case kindBool:
		if v.text == "true" {
			return 1, true
		}
		return 0, true
	case kindNull, kindList, kindDict:
	}
	return 0, false
}

// between checks a number's range. Null is as good as absent.
func between(low, high int64, text string) check {
	return check{run: func(_ string, v *node) (string, bool) {
		i, ok := intLike(v)
		return text, !ok || i >= low && i <= high
	}}
}

// itemsHave checks that each object of an array has the fields.
func itemsHave(fields ...string) check {
	return check{run: func(param string, v *node) (string, bool) {
		if v == nil || v.kind != kindList {
			return "", true
		}
		for i := range v.list {
			for _, name := range fields {
				if !present(v.list[i].get(name)) {
					return "Missing value for required parameter '" + param + "[" + strconv.Itoa(i) + "]." + name + "'.", false
				}
			}
		}
		return "", true
	}}
}

// checkRules returns the text of the first check that fails, or "".
func checkRules(n *node, rules []rule, parsed bool) string {
	for _, r := range rules {
		v := n.get(r.param)
		if (v == nil || v.kind == kindNull) && r.param == "run_id" {
			if legacy := n.get("run_uuid"); legacy != nil {
				v = legacy
			}
		}
		if v == nil && !slices.ContainsFunc(r.checks, func(c check) bool { return c.required }) {
			continue
		}
		for _, c := range r.checks {
			if c.typed && parsed {
				continue
			}
			if text, ok := c.run(r.param, v); !ok {
				if text == "" {
					text = invalidValue(r.param, v)
				}
				return text + seeDocs
			}
		}
	}
	return ""
}

const seeDocs = " See the API docs for more information about request parameters."

// invalidValue words a refusal; MLflow quotes values with sorted keys.
func invalidValue(param string, v *node) string {
	if v == nil {
		v = &node{}
	}
	return "Invalid value " + string(appendPyJSON(nil, v, pyStyle{",", ":", true})) + " for parameter '" + param +
		"' supplied:  Hint: Value was of type '" + v.pyType() + "'."
}
