// Answers questions on stdin, one JSON object a line, with the very libraries Argo 3.7 uses:
// {"When": text} as the controller decides a `when`, {"Text", "Values", "Strict"} as it replaces tags,
// {"Pattern", "In"} as Go's own regexp finds, replaces and splits.
// Build it beside a copy of go.mod and go.sum of argo-workflows v3.7.18, with that module itself required;
// then: python tests/languages/ask.py PROGRAM rewrites the answers beside it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/Knetic/govaluate"
	"github.com/argoproj/argo-workflows/v3/util/template"
)

func should(when string) (r bool, e string) {
	defer func() {
		if x := recover(); x != nil {
			e = fmt.Sprintf("PANIC %v", x)
		}
	}()
	if when == "" {
		return true, ""
	}
	expression, err := govaluate.NewEvaluableExpression(when)
	if err != nil {
		if strings.Contains(err.Error(), "Invalid token") {
			return false, fmt.Sprintf("Invalid 'when' expression '%s': %v (hint: try wrapping the affected expression in quotes (\"))", when, err)
		}
		return false, fmt.Sprintf("Invalid 'when' expression '%s': %v", when, err)
	}
	tokens := expression.Tokens()
	for i, tok := range tokens {
		if tok.Kind == govaluate.VARIABLE {
			tok.Kind = govaluate.STRING
			tokens[i] = tok
		}
	}
	expression, err = govaluate.NewEvaluableExpressionFromTokens(tokens)
	if err != nil {
		return false, fmt.Sprintf("Failed to parse 'when' expression '%s': %v", when, err)
	}
	result, err := expression.Evaluate(nil)
	if err != nil {
		return false, fmt.Sprintf("Failed to evaluate 'when' expresion '%s': %v", when, err)
	}
	b, ok := result.(bool)
	if !ok {
		return false, fmt.Sprintf("Expected boolean evaluation for '%s'. Got %v", when, result)
	}
	return b, ""
}

// found is what a pattern finds in a text: every match with its groups, a replaced and a split text.
func found(pattern, in string) (r any, e string) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err.Error()
	}
	return map[string]any{
		"found":    re.FindAllStringSubmatch(in, -1),
		"replaced": re.ReplaceAllString(in, "<$0>"),
		"split":    re.Split(in, -1),
	}, ""
}

type Q struct {
	Pattern *string
	In      string
	When    *string
	Text    string
	Values  map[string]any
	Strict  *[]string
}

func sub(q Q) (r string, e string) {
	defer func() {
		if x := recover(); x != nil {
			e = fmt.Sprintf("PANIC %v", x)
		}
	}()
	b, _ := json.Marshal(q.Text)
	var out string
	var err error
	if q.Strict == nil {
		out, err = template.Replace(string(b), q.Values, true)
	} else if len(*q.Strict) == 0 {
		out, err = template.Replace(string(b), q.Values, false)
	} else {
		out, err = template.ReplaceStrictAny(string(b), q.Values, *q.Strict)
	}
	if err != nil {
		return "", err.Error()
	}
	var s string
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		return "", "UNMARSHAL " + err.Error()
	}
	return s, ""
}

func main() {
	sc := bufio.NewScanner(os.Stdin)
	sc.Buffer(make([]byte, 1<<20), 1<<24)
	enc := json.NewEncoder(os.Stdout)
	for sc.Scan() {
		var q Q
		if err := json.Unmarshal(sc.Bytes(), &q); err != nil {
			panic(err)
		}
		if q.Pattern != nil {
			r, e := found(*q.Pattern, q.In)
			enc.Encode(map[string]any{"r": r, "e": e})
		} else if q.When != nil {
			r, e := should(*q.When)
			enc.Encode(map[string]any{"r": r, "e": e})
		} else {
			r, e := sub(q)
			enc.Encode(map[string]any{"r": r, "e": e})
		}
	}
}
