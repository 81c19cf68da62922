package manifest

import (
	"fmt"
	"strings"
	"unicode"

	"imagebatch/workflows/contract"
)

func (p *parser) product() *Problem {
	id, problem := p.name(fieldProduct)
	switch {
	case problem != nil:
		return problem
	case id == "":
		return refuse(contract.CodeNoSpecifiedProductID, `ProductId is missing; give the id of the product, such as "ProductId":"1000"`)
	}
	why := excess("ProductId", id, p.maxName())
	if why == "" {
		why = controls("ProductId", id)
	}
	if why != "" {
		return &Problem{Code: contract.CodeInvalidProductID, Message: why}
	}
	p.entry.ProductID = id
	return nil
}

func (p *parser) picture() *Problem {
	const whole = "leave PicName out to delete the whole product, or name the picture"
	name, problem := p.name(fieldPicture)
	if problem != nil {
		return problem
	}
	if p.entry.Operation == Delete && name == "" {
		switch {
		case p.strayPicName != "":
			return refuse(contract.CodeInvalidPicName, "the field %s is not known and PicName is missing; %s under the key PicName", quote(p.strayPicName), whole)
		case !p.spans[fieldPicture].absent():
			return refuse(contract.CodeInvalidPicName, "PicName is %s; %s", p.value(fieldPicture), whole)
		}
		return nil
	}
	if name == "" {
		return refuse(contract.CodeNoSpecifiedPicName, `PicName is missing; give the picture's object name below the manifest's folder, such as "PicName":"girlCloth/1.jpg"`)
	}
	why := excess("PicName", name, p.maxName())
	if why == "" {
		why = unfitPicName(name)
	}
	if why != "" {
		return &Problem{Code: contract.CodeInvalidPicName, Message: why}
	}
	p.entry.PicName = name
	return nil
}

func (p *parser) maxName() int {
	if p.rules.Strict {
		return MaxNameStrict
	}
	return MaxName
}

// name is the text of ProductId or PicName, "" when it is absent or null. A whole
// number stands for its digits.
func (p *parser) name(f field) (string, *Problem) {
	value := p.value(f)
	switch k := kindOf(value); {
	case k == kindMissing || k == kindNull:
		return "", nil
	case k == kindString:
		text, ok := p.str(f)
		if !ok {
			return "", halfCharacter(f)
		}
		return text, nil
	case k == kindNumber && wholly(strings.TrimPrefix(string(value), "-")):
		p.warnings.add(WarnNumericName, "%s is the number %s and is read as text; put it in quotes", fieldNames[f], clip(value, quoted))
		return string(value), nil
	default:
		return "", wrongType(f, k, "a string")
	}
}

// unfitPicName says what keeps a name from being that of a picture, or returns "".
func unfitPicName(name string) string {
	if why := controls("PicName", name); why != "" {
		return why
	}
	switch {
	case len(name) > MaxKeyBytes:
		return fmt.Sprintf("PicName has %d bytes in UTF-8 and the limit of an object name is %d; shorten it", len(name), MaxKeyBytes)
	case strings.HasPrefix(name, "/"):
		return fmt.Sprintf("PicName %s starts with a slash; leave the slash out, names are relative to the manifest's folder", quote(name))
	case strings.Contains(name, `\`):
		return fmt.Sprintf("PicName %s holds a backslash; separate folders by /", quote(name))
	}
	last := name
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." || part == "." {
			return fmt.Sprintf("PicName %s holds the folder %q; write the object's name as it is in the bucket", quote(name), part)
		}
		last = part
	}
	if dot := strings.LastIndexByte(last, '.'); dot < 1 || dot == len(last)-1 {
		return fmt.Sprintf("PicName %s has no file name extension; write the whole name, such as 1.jpg", quote(name))
	}
	return ""
}

// controls says where a name holds a control character, or returns "".
func controls(name, text string) string {
	for at, r := range text {
		if unicode.IsControl(r) {
			return fmt.Sprintf("%s %s holds the control character %U at byte %d; remove it", name, quote(text), r, at+1)
		}
	}
	return ""
}

func halfCharacter(f field) *Problem {
	return refuse(contract.CodeInvalidMetaItem, `%s holds half of a surrogate pair (\ud800 to \udfff); write the character itself`, fieldNames[f])
}

func wrongType(f field, is kind, want string) *Problem {
	return refuse(contract.CodeInvalidMetaItem, "%s is %s; write it as %s", fieldNames[f], is, want)
}
