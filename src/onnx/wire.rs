//! Protobuf's wire format: fields borrowed from the bytes, nothing allocated from a declared length.
//!
//! Source: protobuf.dev, "Encoding". Groups (wire types 3 and 4) do not occur in ONNX and are
//! malformed here.

/// Why bytes are not what they should be; a phrase that follows "the file is".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub String);

pub type Parsed<T> = Result<T, Malformed>;

fn malformed<T>(why: &str) -> Parsed<T> {
    Err(Malformed(why.to_owned()))
}

/// One field's value as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Varint(u64),
    /// Strings, messages and packed numbers.
    Bytes(&'a [u8]),
    /// Fixed 32- and 64-bit numbers, which no field that is read here uses.
    Fixed,
}

impl<'a> Value<'a> {
    pub fn bytes(self) -> Parsed<&'a [u8]> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            _ => malformed("malformed: a number stands where a message or string is expected"),
        }
    }

    /// Bytes that are not UTF-8 become U+FFFD.
    pub fn text(self) -> Parsed<String> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// An `int64` or enum; negative numbers are stored as their two's complement.
    pub fn int(self) -> Parsed<i64> {
        match self {
            Value::Varint(number) => Ok(number.cast_signed()),
            _ => malformed("malformed: a message or string stands where a number is expected"),
        }
    }
}

/// The fields of one message, in order. After an error the iterator ends.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field with the bytes that it stands in, its tag included.
    pub fn verbatim(&mut self) -> Option<Parsed<(u64, Value<'a>, &'a [u8])>> {
        let before = self.rest;
        let field = self.next()?;
        let used = before.len() - self.rest.len();
        Some(field.map(|(number, value)| (number, value, before.get(..used).unwrap_or_default())))
    }

    fn field(&mut self) -> Parsed<(u64, Value<'a>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return malformed("malformed: it has fields of a kind that ONNX does not use"),
        };
        match tag >> 3 {
            0 => malformed("malformed: field number 0"),
            number => Ok((number, value)),
        }
    }

    fn take(&mut self, length: u64) -> Parsed<&'a [u8]> {
        let split = usize::try_from(length).ok().and_then(|n| self.rest.split_at_checked(n));
        let Some((head, tail)) = split else {
            return Err(Malformed(format!(
                "cut off: {length} bytes announced, {} are left",
                self.rest.len()
            )));
        };
        self.rest = tail;
        Ok(head)
    }

    /// Little-endian base 128, at most ten bytes; bits beyond the 64th are lost, as protobuf does.
    fn varint(&mut self) -> Parsed<u64> {
        let mut number = 0u64;
        for shift in (0..70).step_by(7) {
            let [byte] = *self.take(1)? else { return malformed("cut off") };
            number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        malformed("malformed: a number longer than ten bytes")
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Parsed<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Numbers of a repeated integer field: packed into bytes or one at a time.
pub fn ints(value: Value<'_>) -> impl Iterator<Item = Parsed<i64>> {
    let (mut packed, mut single) = match value {
        Value::Bytes(bytes) => (Fields::new(bytes), None),
        other => (Fields::new(&[]), Some(other.int())),
    };
    std::iter::from_fn(move || {
        if let Some(number) = single.take() {
            return Some(number);
        }
        if packed.rest.is_empty() {
            return None;
        }
        let number = packed.varint().map(u64::cast_signed);
        if number.is_err() {
            packed.rest = &[];
        }
        Some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_examples_of_the_encoding_guide() {
        // protobuf.dev "Encoding": `a: 150` is 08 96 01, `b: "testing"` is 12 07 74 65 …
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x07, b't', b'e', b's', b't', b'i', b'n', b'g'];
        let fields: Vec<_> = Fields::new(&bytes).collect::<Parsed<_>>().expect("well formed");
        assert_eq!(fields, [(1, Value::Varint(150)), (2, Value::Bytes(b"testing"))]);
    }

    #[test]
    fn packed_and_single_integers_read_alike() {
        // The guide's packed example: 3, 270, 86942.
        let packed = Value::Bytes(&[0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
        assert_eq!(ints(packed).collect::<Parsed<Vec<_>>>(), Ok(vec![3, 270, 86942]));
        assert_eq!(ints(Value::Varint(u64::MAX)).collect::<Parsed<Vec<_>>>(), Ok(vec![-1]));
    }

    #[test]
    fn lengths_beyond_the_end_are_errors_and_end_the_walk() {
        // 2^63 bytes announced, none there.
        let bytes = [0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
        let mut fields = Fields::new(&bytes);
        let Some(Err(Malformed(why))) = fields.next() else { panic!("accepted") };
        assert!(why.contains("cut off") && why.contains("0 are left"), "{why}");
        assert!(fields.next().is_none());
        assert!(Fields::new(&[0xff; 11]).next().is_some_and(|f| f.is_err()));
    }
}
