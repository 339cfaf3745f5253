//! Which columns of a Parquet file are read, and what each of them becomes in a table.

use ::parquet::basic::{ConvertedType, LogicalType, Repetition, Type as PhysicalType};
use ::parquet::schema::types::{ColumnDescriptor, SchemaDescriptor, Type};

use crate::{FormatError, ParquetKind};

/// The most names on the way to a value of a list: the column, its list, its element.
const LIST_DEPTH: usize = 3;

/// A column of a Parquet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) name: String,
    pub(super) kind: ParquetKind,
    /// Whether integers have no sign; the file stores the same bits as with one.
    pub(super) is_unsigned: bool,
    /// The digits after the point of decimal numbers that are stored as integers.
    pub(super) scale: u32,
    /// The levels of its values, if every row has a list of numbers.
    pub(super) list: Option<ListLevels>,
}

/// Definition levels of a column of lists: how much of the way to a value there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListLevels {
    /// From this level on the list has an element here; one below it is empty, further below it is missing.
    pub(super) element: i16,
    /// At this level the element has a value.
    pub(super) value: i16,
}

impl Leaf {
    /// The columns of a file.
    ///
    /// # Errors
    /// If one holds neither numbers, truth values, texts nor lists of numbers.
    pub(super) fn all(schema: &SchemaDescriptor) -> Result<Vec<Self>, FormatError> {
        let columns = schema.columns().iter().enumerate();
        columns.map(|(place, column)| Self::of(column, schema.get_column_root(place))).collect()
    }

    fn of(column: &ColumnDescriptor, root: &Type) -> Result<Self, FormatError> {
        let path = column.path();
        let is_text = matches!(column.logical_type_ref(), Some(LogicalType::String))
            || column.converted_type() == ConvertedType::UTF8;
        let kind = match column.physical_type() {
            PhysicalType::BYTE_ARRAY if is_text => Some(ParquetKind::Text),
            PhysicalType::FLOAT => Some(ParquetKind::Float),
            PhysicalType::DOUBLE
            | PhysicalType::INT32
            | PhysicalType::INT64
            | PhysicalType::BOOLEAN => Some(ParquetKind::Double),
            _ => None,
        };
        let is_list = column.max_rep_level() == 1
            && path.parts().len() <= LIST_DEPTH
            && kind != Some(ParquetKind::Text);
        let list = if is_list { levels(column, root) } else { None };
        let is_single = column.max_rep_level() == 0 && column.max_def_level() <= 1;
        let Some(kind) = kind.filter(|_| is_single || list.is_some()) else {
            let (name, found) = (path.string(), column.physical_type().to_string());
            return Err(FormatError::ParquetColumn { name, found });
        };
        let name = match list {
            Some(_) => path.parts().first().cloned().unwrap_or_default(),
            None => path.string(),
        };
        let is_unsigned =
            matches!(column.converted_type(), ConvertedType::UINT_32 | ConvertedType::UINT_64);
        let is_decimal = matches!(column.logical_type_ref(), Some(LogicalType::Decimal { .. }))
            || column.converted_type() == ConvertedType::DECIMAL;
        let scale = if is_decimal { u32::try_from(column.type_scale()).unwrap_or(0) } else { 0 };
        Ok(Self { name, kind, is_unsigned, scale, list })
    }
}

/// The levels of a column of lists; `None` if the way to its values divides, as that of a map does.
fn levels(column: &ColumnDescriptor, root: &Type) -> Option<ListLevels> {
    let (mut node, mut element) = (root, 0);
    loop {
        let repetition = node.get_basic_info().repetition();
        element += i16::from(repetition != Repetition::REQUIRED);
        if repetition == Repetition::REPEATED {
            break;
        }
        let [child] = node.get_fields() else { return None };
        node = child;
    }
    let is_alone = node.is_primitive() || node.get_fields().len() == 1;
    is_alone.then_some(ListLevels { element, value: column.max_def_level() })
}
